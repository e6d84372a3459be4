"""``files.*``: uploading in three steps, and what a file lacks until it was read once.

https://docs.slack.dev/messaging/working-with-files (January 2026).
"""

from bot.sim.slack.message import content
from bot.sim.slack.methods import Method, MethodCall
from bot.sim.slack.model import Channel, File, Json, Message, SlackError

ALT_TEXT = 1000
SNIPPET_BYTES = 1_000_000
READS_UNTIL_PROCESSED = 1


def _upload_url(call: MethodCall) -> Json:
    name, length = call.needed("filename"), call.needed("length")
    if not length.isdigit() or int(length) < 1:
        raise SlackError("invalid_arguments")
    if len(call.text("alt_txt")) > ALT_TEXT:
        raise SlackError("alt_txt_too_large")
    if call.text("snippet_type") and int(length) > SNIPPET_BYTES:
        raise SlackError("snippet_too_large")
    state = call.state
    file = File(
        id=state.new_id("F"),
        name=name,
        alt_text=call.text("alt_txt"),
        length=int(length),
        processing=READS_UNTIL_PROCESSED,
        created=int(state.clock()),
    )
    state.files[file.id] = file
    origin = state.faults.origin("upload", state.base_url)
    return {"upload_url": f"{origin}/upload/{file.id}", "file_id": file.id}


def _complete(call: MethodCall) -> Json:
    wanted = call.json("files")
    if not isinstance(wanted, list) or not wanted:
        raise SlackError("invalid_arguments")
    files = [_uploaded(call, one) for one in wanted]
    places = _places(call)
    comment = {"text": call.text("initial_comment"), "blocks": call.json("blocks")}
    checked = content({key: value for key, value in comment.items() if value})
    for file, one in zip(files, wanted, strict=True):
        file.title, file.complete = str(one.get("title") or file.name), True
    for channel in places:
        message = Message(
            ts=call.state.new_ts(),
            channel=channel.id,
            user=call.state.app.bot_user,
            by_app=True,
            text=checked.text or "",
            blocks=checked.blocks or [],
            thread_ts=call.thread(channel),
            files=[file.id for file in files],
        )
        for file in files:
            file.shares.setdefault(channel.id, []).append(message.ts)
        call.workspace.board.add(message)
    return {"files": [{"id": file.id, "title": file.title} for file in files]}


def _uploaded(call: MethodCall, one: Json) -> File:
    file = call.state.files.get(str(one.get("id")))
    if file is None or file.content is None or file.complete:
        raise SlackError("file_not_found")
    return file


def _places(call: MethodCall) -> list[Channel]:
    named = [call.text("channel_id"), *call.text("channels").split(",")]
    places = []
    for channel_id in dict.fromkeys(name for name in named if name):
        channel = call.state.channels.get(channel_id)
        if channel is None or (channel.kind != "public" and not call.state.has_app(channel)):
            raise SlackError("channel_not_found")
        if not call.state.has_app(channel):
            raise SlackError("not_in_channel")
        if channel.archived:
            raise SlackError("posting_to_channel_denied")
        places.append(channel)
    return places


def _info(call: MethodCall) -> Json:
    file = call.state.files.get(call.needed("file"))
    if file is None or not file.complete:
        raise SlackError("file_not_found")
    written = call.workspace.json.file(file)
    file.processing = max(0, file.processing - 1)
    return {"file": written, "comments": []}


FILES = {
    "files.getUploadURLExternal": Method(_upload_url, "files:write"),
    "files.completeUploadExternal": Method(_complete, "files:write"),
    "files.info": Method(_info, "files:read"),
}
