"""Clients of three releases of one server, through the official Python client: each gets what it was promised.

python releases.py BINARY URL SCRATCH: starts BINARY over stdio with its data in SCRATCH; URL is of one that runs.
In release 0.1.0 `search_notes` took `q` and returned `hits`; in 0.2.0 `define_word` took `word` and returned `meaning`; in
0.3.0, which the server is, it takes `term` and returns `definition`.
Prints one line for each check, `ok NAME` or `FAILED NAME: why`; exits with 1 when one failed.
"""

import os
import sys
from contextlib import asynccontextmanager

import anyio
from mcp import Client, MCPError, StdioServerParameters, stdio_client, types

BINARY, URL, SCRATCH = sys.argv[1:4]
VERSION = "dev.steadfast/toolVersion"
CONTRACT = "dev.steadfast/contract"
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


def served(result, version):
    assert not result.is_error, result
    assert result.meta[CONTRACT]["version"] == version, result.meta


async def unlisted(client, name, arguments, meta=None):
    """A call of a client that knows the tool from an earlier release: `call_tool` would hold the result against the
    list of today."""
    params = types.CallToolRequestParams(name=name, arguments=arguments, _meta=meta)
    return await client.session.send_request(types.CallToolRequest(params=params), types.CallToolResult)


async def connected(label, mode, server, body):
    async with check(f"{label} closes", 60):
        async with Client(server, mode=mode, read_timeout_seconds=20) as client:
            await body(label, client)


async def of_today(label, client):
    async with check(f"{label} calls as the list says"):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        tool = tools["define_word"]
        assert list(tool.input_schema["properties"]) == ["term"], tool.input_schema
        assert tool.meta[CONTRACT]["version"] == "2.0.0", tool.meta
        result = await client.call_tool("define_word", {"term": "shim"})
        served(result, "2.0.0")
        assert set(result.structured_content) == {"word", "definition"}, result.structured_content
    async with check(f"{label} is refused a version that nobody serves"):
        try:
            result = await client.call_tool("define_word", {"term": "shim"}, meta={VERSION: "7"})
        except MCPError as error:
            assert error.error.code == -32602 and "available" in error.error.data, error
        else:
            raise AssertionError(f"answered with {result}")
    async with check(f"{label} is told what is missing when no major fits"):
        result = await client.call_tool("define_word", {"words": "shim"})
        assert result.is_error, result


async def of_before(label, client):
    async with check(f"{label} names the version"):
        result = await unlisted(client, "define_word", {"word": "shim"}, {VERSION: "1"})
        served(result, "1.0.0")
        assert set(result.structured_content) == {"word", "meaning"}, result.structured_content
    async with check(f"{label} names nothing and is known by its arguments"):
        result = await unlisted(client, "define_word", {"word": "shim"})
        served(result, "1.0.0")
        assert set(result.structured_content) == {"word", "meaning"}, result.structured_content
    async with check(f"{label} is served two releases on"):
        result = await unlisted(client, "search_notes", {"q": "milk"})
        served(result, "1.0.0")
        assert result.structured_content == {"hits": []}, result.structured_content


async def on_surface_2(label, client):
    async with check(f"{label} sees and gets what it knows"):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert list(tools["define_word"].input_schema["properties"]) == ["word"], tools["define_word"]
        assert "query" in tools["search_notes"].input_schema["properties"], tools["search_notes"]
        result = await client.call_tool("define_word", {"word": "shim"})
        served(result, "1.0.0")
        assert set(result.structured_content) == {"word", "meaning"}, result.structured_content


async def on_surface_1(label, client):
    async with check(f"{label} sees and gets what it knows"):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert "q" in tools["search_notes"].input_schema["properties"], tools["search_notes"]
        added = await client.call_tool("add_note", {"text": label})
        assert added.structured_content["text"] == label, added
        result = await client.call_tool("search_notes", {"q": label})
        served(result, "1.0.0")
        assert [hit["text"] for hit in result.structured_content["hits"]] == [label], result.structured_content


def stdio(name, *more):
    args = ["serve", "--transport", "stdio", "--admin", "off", "--data", os.path.join(SCRATCH, name), *more]
    return stdio_client(StdioServerParameters(command=BINARY, args=args, cwd=SCRATCH), errlog=open(os.devnull, "w"))


async def main():
    for revision, mode in [("2026-07-28", "2026-07-28"), ("2025-11-25", "legacy")]:
        await connected(f"http {revision} 0.3.0", mode, URL, of_today)
        await connected(f"http {revision} older", mode, URL, of_before)
        await connected(f"http {revision} 0.2.0", mode, f"{URL}/0.2.0", on_surface_2)
        await connected(f"http {revision} 0.1.0", mode, f"{URL}/0.1.0", on_surface_1)
        name = f"stdio-{revision}"
        await connected(f"stdio {revision} 0.3.0", mode, stdio(name), of_today)
        await connected(f"stdio {revision} older", mode, stdio(name), of_before)
        await connected(f"stdio {revision} 0.2.0", mode, stdio(name, "--surface", "0.2.0"), on_surface_2)
        await connected(f"stdio {revision} 0.1.0", mode, stdio(name, "--surface", "0.1.0"), on_surface_1)
    sys.exit(1 if failures else 0)


anyio.run(main)
