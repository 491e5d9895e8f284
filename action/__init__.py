"""What the Action of this repository does: `action.yml` names the steps, and each step is a module here.

Inputs come from the environment and are passed on as arguments of a process, never as text of a shell. The forge is
asked and told through its own command line, `gh`.
"""
