"""Who is told of alerts outside of the console: webhooks and e-mail, at addresses that were looked at first."""

from adapters.receivers.addresses import NotDelivered, Refused, allowed_addresses, refusal
from adapters.receivers.mail import Letter, send_mail
from adapters.receivers.webhook import post

__all__ = ["Letter", "NotDelivered", "Refused", "allowed_addresses", "post", "refusal", "send_mail"]
