"""The official Python client against a generated server, over stdio and HTTP, in both revisions of the protocol.

python client.py BINARY URL SCRATCH: starts BINARY over stdio with its data in SCRATCH; URL is of one that runs.
Prints one line for each check, `ok NAME` or `FAILED NAME: why`; exits with 1 when one failed.
"""

import os
import sys
from contextlib import asynccontextmanager

import anyio
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp_types import ElicitResult

BINARY, URL, SCRATCH = sys.argv[1:4]
failures = 0


@asynccontextmanager
async def check(name, seconds=20):
    global failures
    try:
        with anyio.fail_after(seconds):
            yield
        print(f"ok {name}", flush=True)
    except Exception as error:
        failures += 1
        print(f"FAILED {name}: {type(error).__name__} {error}".replace("\n", " "), flush=True)


def text(result):
    return "\n".join(getattr(block, "text", "") for block in result.content)


def refuses(result, *places):
    """An answer that a model can correct itself by: an error that names each place."""
    assert result.is_error, f"not an error: {result}"
    for place in places:
        assert place in text(result), f"{place} is not named in: {text(result)}"


async def session(label, revision, mode, server):
    agrees, plans = False, []

    async def confirm(context, params):
        plans.append(params.message)
        return ElicitResult(action="accept", content={"confirm": True}) if agrees else ElicitResult(action="decline")

    async with Client(server, mode=mode, read_timeout_seconds=20, elicitation_callback=confirm) as client:
        note = f"{label} note"
        async with check(f"{label} connects"):
            assert client.protocol_version == revision, client.protocol_version
        async with check(f"{label} lists the tools with their schemas"):
            tools = (await client.list_tools()).tools
            assert [tool.name for tool in tools] == ["add_note", "define_word", "delete_notes", "search_notes"]
            for tool in tools:
                assert tool.description, f"{tool.name} has no description"
                assert tool.input_schema["type"] == tool.output_schema["type"] == "object"
            assert tools[0].annotations.read_only_hint is False
            assert tools[2].annotations.destructive_hint is True
            assert tools[3].annotations.read_only_hint is True
        async with check(f"{label} adds a note"):
            result = await client.call_tool("add_note", {"text": note})
            assert not result.is_error, text(result)
            assert result.structured_content["text"] == note
        async with check(f"{label} finds it, with a default for what is not given"):
            found = (await client.call_tool("search_notes", {"query": note.upper()})).structured_content
            assert [item["text"] for item in found["items"]] == [note] and found["total"] == 1, found
        async with check(f"{label} defines a word"):
            defined = (await client.call_tool("define_word", {"word": "shim"})).structured_content
            assert "translates" in defined["meaning"], defined
        async with check(f"{label} is asked before a note is deleted, and deletes none when its user declines"):
            refuses(await client.call_tool("delete_notes", {"query": note}), "did not confirm")
            assert len(plans) == 1 and note in plans[0], plans
            assert (await client.call_tool("search_notes", {"query": note})).structured_content["total"] == 1
            agrees = True
        async with check(f"{label} deletes the note"):
            gone = (await client.call_tool("delete_notes", {"query": note})).structured_content
            assert [item["text"] for item in gone["deleted"]] == [note], gone
        async with check(f"{label} is told what a tool could not find"):
            refuses(await client.call_tool("delete_notes", {"query": note}), "search_notes")
        async with check(f"{label} is told of a missing argument"):
            refuses(await client.call_tool("add_note", {}), "text")
        async with check(f"{label} is told of a wrong type"):
            refuses(await client.call_tool("add_note", {"text": 7}), "/text")
        async with check(f"{label} is told of an argument that does not exist"):
            refuses(await client.call_tool("add_note", {"text": "x", "colour": "red"}), "colour")
        async with check(f"{label} is told of all violations at once"):
            bad = {"query": 7, "limit": 1000, "page": 2}
            refuses(await client.call_tool("search_notes", bad), "/query", "/limit", "page")
        async with check(f"{label} is refused a tool that does not exist"):
            try:
                result = await client.call_tool("add_notes", {"text": "x"})
            except MCPError as error:
                assert error.error.code == -32602, error
            else:
                raise AssertionError(f"answered with {result}")
        async with check(f"{label} is served after all of this"):
            found = (await client.call_tool("search_notes", {"query": note})).structured_content
            assert found["total"] == 0, found


def stdio(name):
    args = ["serve", "--transport", "stdio", "--admin", "off", "--data", os.path.join(SCRATCH, name)]
    return stdio_client(StdioServerParameters(command=BINARY, args=args, cwd=SCRATCH), errlog=open(os.devnull, "w"))


async def main():
    for revision, mode in [("2026-07-28", "2026-07-28"), ("2025-11-25", "legacy")]:
        async with check(f"stdio {revision} closes", 120):
            await session(f"stdio {revision}", revision, mode, stdio(f"stdio-{revision}"))
        async with check(f"http {revision} closes", 120):
            await session(f"http {revision}", revision, mode, URL)
    sys.exit(1 if failures else 0)


anyio.run(main)
