"""Messages between the parts of one process, or of many: a port, its in-process form, and its form over NATS."""

from ocpp_css.bus.hearing import heard
from ocpp_css.bus.in_process import InProcessBus
from ocpp_css.bus.news import News
from ocpp_css.bus.port import Bus, Message, NobodyAnswers

__all__ = ["Bus", "InProcessBus", "Message", "News", "NobodyAnswers", "heard"]
