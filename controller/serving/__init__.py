"""What the faces, API and console, need of the daemon and do alike: services, the bell, e-stop, candidates, audit."""

from controller.serving.audits import Auditor
from controller.serving.bell import Bell
from controller.serving.estops import Recorder
from controller.serving.services import Services

__all__ = ["Auditor", "Bell", "Recorder", "Services"]
