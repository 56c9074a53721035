"""Work with a channel's provider that is done away from every request."""

from uuid import UUID

from shared.kernel.tasks import Task


class CheckChannel(Task, name="check_channel", queue="channels"):
    """Ask the provider how the channel is."""

    channel_id: UUID


class StartChannel(Task, name="start_channel", queue="channels"):
    """Let the provider connect the channel."""

    channel_id: UUID


class StopChannel(Task, name="stop_channel", queue="channels"):
    """Let the provider disconnect the channel; `logout` unpairs the phone too."""

    channel_id: UUID
    logout: bool


class ConfigureChannel(Task, name="configure_channel", queue="channels"):
    """Tell the provider where to deliver, and with which key to sign."""

    channel_id: UUID


class RetireChannel(Task, name="retire_channel", queue="channels"):
    """Let the provider of a deleted channel deliver here no more, and disconnect its session."""

    channel_id: UUID
