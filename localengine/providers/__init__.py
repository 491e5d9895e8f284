"""The providers: dynamic providers in their own process, and `aws.rekognition.Project` over boto3."""
