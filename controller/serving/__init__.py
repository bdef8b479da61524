"""What the faces, API and console, need of the daemon and do alike: services, the bell, the e-stop, candidates."""

from controller.serving.bell import Bell
from controller.serving.estops import Recorder
from controller.serving.services import Services

__all__ = ["Bell", "Recorder", "Services"]
