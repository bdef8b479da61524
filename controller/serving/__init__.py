"""What the faces, API and console, need of the daemon and do alike: e-stop, candidates, audit, pictures, the bell."""

from controller.serving.audits import Auditor
from controller.serving.bell import Bell
from controller.serving.estops import Recorder
from controller.serving.pictures import Pictures
from controller.serving.services import Services

__all__ = ["Auditor", "Bell", "Pictures", "Recorder", "Services"]
