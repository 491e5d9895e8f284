"""What the engine talks to: dynamic providers in a process of their own, a stand-in for aws.rekognition.Project."""
