"""Can the lake be reached? Asked before a run writes, answered within seconds, by a sentence naming what to mend.

A server that is named in the environment is knocked at first, and boto3 is loaded only for one that answers: loading it
takes a second of processor time, and many seconds where others want the processor too.
"""

from __future__ import annotations

import http.client
import os
import queue
import socket
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fraud_assets.lake.store import Lake, LakeError, s3_endpoint

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: An answer takes milliseconds; what has not come after twice this time will not.
PATIENCE_SECONDS = 2.2
_ATTEMPTS = 2
#: What the network raises where nobody answers.
_SILENCE = (ConnectionRefusedError, TimeoutError, socket.gaierror)
#: Lakes that have answered this process, each with the environment it was asked in.
_reached: set[int] = set()


def s3_client() -> S3Client:
    """A boto3 client with the environment's credentials, region and endpoint, that does not retry."""
    import boto3
    from botocore.config import Config

    # A session of its own: the default one remembers the credentials that it saw first.
    return boto3.Session().client("s3", region_name=region(), config=Config(retries={"total_max_attempts": 1}))


def region() -> str:
    """The environment's region."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def check_lake_reachable(
    lake: Lake,
    patience_seconds: float = PATIENCE_SECONDS,
    client: Callable[[], S3Client] = s3_client,
    *,
    writes: bool = True,
) -> None:
    """Raise unless the lake's bucket answers and takes the credentials, or the lake's folder is writable.

    A bucket that has answered this process is not asked again.

    Parameters
    ----------
    patience_seconds
        How long to wait for an answer before asking once more, and again after that.
    client
        Makes the client that asks.
    writes
        Whether something will be written there: who only reads needs a folder that can be read.

    Raises
    ------
    LakeError
        One sentence with the bucket, the endpoint or the variable at fault; no credentials in it.
    """
    if lake.path:
        if not os.access(lake.path, (os.W_OK if writes else os.R_OK) | os.X_OK):
            way = "writable" if writes else "readable"
            raise LakeError(f"lake {lake.url}: the folder is not {way}; mend its permissions or FRAUD_ASSETS_LAKE")
        return
    question = hash((lake.url, *sorted(item for item in os.environ.items() if item[0].startswith("AWS_"))))
    if question in _reached:
        return
    failure = _failure(lake, client, patience_seconds)
    if failure is not None:
        # Without the failure itself: what libraries say repeats the endpoint, also one with a password in it.
        raise LakeError(_sentence(lake, failure)) from None
    _reached.add(question)


def _failure(lake: Lake, client: Callable[[], S3Client], patience_seconds: float) -> Exception | None:
    endpoint = _without_user(s3_endpoint()) or ""
    if endpoint.startswith(("http://", "https://")):
        silence = _within(lambda: _knock(endpoint, _ATTEMPTS * patience_seconds), patience_seconds, _SILENCE)
        if silence is not None:
            return silence
    # Before the clock starts again: on a busy machine the client alone takes seconds.
    try:
        asking = client()
    except Exception as failure:
        return failure
    from botocore import exceptions as boto

    # Not HEAD: its answer has no body, and so no word on whether the key, the secret or the permission is wrong.
    return _within(
        lambda: _list(asking, lake),
        patience_seconds,
        (boto.ConnectionError, boto.HTTPClientError, TimeoutError),
    )


def _list(asking: S3Client, lake: Lake) -> None:
    answer = asking.list_objects_v2(Bucket=lake.bucket or "", Prefix=lake.prefix, MaxKeys=1)
    # boto3 goes where Amazon sends it; what writes to the lake does not.
    there = answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region")
    if there and there != region() and s3_endpoint() is None:
        raise _ElsewhereError(there)
    # A page of HTML is well-formed, too. An S3 server says of its lists at least what they are a list of.
    if answer.keys() <= {"ResponseMetadata"}:
        raise _StrangeError


class _ElsewhereError(Exception):
    """The bucket is in this region."""


class _StrangeError(Exception):
    """Somebody else than an S3 server answers."""


class _Stay(urllib.request.HTTPRedirectHandler):
    """To be sent elsewhere is an answer."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _knock(endpoint: str, seconds: float) -> None:
    """Raise one of ``_SILENCE`` if nobody is there; what else goes wrong, a certificate for one, boto3 says better."""
    try:
        question = urllib.request.Request(endpoint, method="HEAD")  # noqa: S310 (http or https)
        urllib.request.build_opener(_Stay).open(question, timeout=seconds).close()
    except _SILENCE:
        raise
    except http.client.RemoteDisconnected:
        return
    except http.client.BadStatusLine:
        raise _StrangeError from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, _SILENCE):
            raise error.reason from None
    except (OSError, ValueError, http.client.HTTPException):
        return


def _within(ask: Callable[[], object], seconds: float, silence: tuple[type[Exception], ...]) -> Exception | None:
    """What asking raises; a TimeoutError if no answer comes in time. Silence and a lost connection are asked again.

    In threads that may outlive the answer: Dagster's resource has no setting for the time to wait, and boto3 waits a
    minute. The first question may still be answered while the second one waits.
    """
    answers: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            ask()
        except Exception as failure:
            answers.put(failure)
        else:
            answers.put(None)

    failure: Exception | None = None
    for _ in range(_ATTEMPTS):
        threading.Thread(target=run, name="lake preflight", daemon=True).start()
        try:
            failure = answers.get(timeout=seconds)
        except queue.Empty:
            failure = TimeoutError(f"no answer in {_ATTEMPTS * seconds:g} seconds")
        if not isinstance(failure, silence):
            break
    return failure


def _sentence(lake: Lake, failure: Exception) -> str:
    endpoint = _without_user(s3_endpoint())
    place = f"lake {lake.url}" + (f" at AWS_ENDPOINT_URL {endpoint}" if endpoint else "")
    proxy = _proxy(endpoint)
    silence = f"{place}: the server does not answer; is it up, and is AWS_ENDPOINT_URL right?"
    if proxy:
        silence = f"{place}: there is no answer through the proxy {proxy}; mend it, or name the server in NO_PROXY"
    if isinstance(failure, _SILENCE):
        return silence

    from botocore import exceptions as boto
    from botocore.parsers import ResponseParserError

    match failure:
        case boto.NoCredentialsError() | boto.PartialCredentialsError():
            return f"{place}: there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        case boto.ProfileNotFound():
            return f"{place}: AWS_PROFILE {os.environ.get('AWS_PROFILE')} is in no AWS configuration file"
        case boto.SSLError() if any(word in str(failure) for word in ("WRONG_VERSION", "RECORD_LAYER", "HTTP_REQUEST")):
            return f"{place}: the server speaks http, not https; write AWS_ENDPOINT_URL with http://"
        case boto.SSLError() if "mismatch" in str(failure):
            return f"{place}: its certificate is another host's; mend the host in AWS_ENDPOINT_URL"
        case boto.SSLError():
            return f"{place}: its certificate is not trusted; set AWS_CA_BUNDLE to the authority's certificate"
        case boto.ConnectionError() | boto.HTTPClientError():
            return silence
        case _ElsewhereError():
            return f"{place}: {_in_region(lake, str(failure))}"
        case boto.ClientError() if proxy and _is_a_proxys(failure.response):
            return f"{place}: the proxy {proxy} refuses to ask; mend it, or name the server in NO_PROXY"
        case boto.ClientError() if _is_a_websites(failure.response):
            return f"{place}: {_STRANGE}"
        case boto.ClientError():
            return f"{place}: {_refusal(lake, failure.response)}"
        case ResponseParserError() | _StrangeError():
            return f"{place}: {_STRANGE}"
        case RecursionError():  # boto3 follows, and asks the same of the same server
            return f"{place}: {_SENT_ON}"
        case boto.ParamValidationError():
            return f"{place}: {lake.bucket!r} cannot be a bucket's name; mend it in FRAUD_ASSETS_LAKE"
        case ValueError() if "endpoint" in str(failure).lower():
            return f"{place}: AWS_ENDPOINT_URL is not a URL; http://host:port or https://host is needed"
        case _:
            endpoint, said = s3_endpoint() or "", str(failure).splitlines()[0]
            return f"{place}: {said.replace(endpoint, _without_user(endpoint) or '') if endpoint else said}"


_STRANGE = "its answer is not an S3 server's; mend AWS_ENDPOINT_URL, with https:// if it speaks that"
_SENT_ON = "the server sends all who ask elsewhere, as websites do; mend AWS_ENDPOINT_URL to the S3 server's own URL"


def _proxy(endpoint: str | None) -> str:
    """The proxy that is asked, and its variable; empty if there is none."""
    asked = urllib.parse.urlsplit(endpoint or f"https://s3.{region()}.amazonaws.com")
    url = urllib.request.getproxies_environment().get(asked.scheme)
    if not url or urllib.request.proxy_bypass(asked.netloc):
        return ""
    names = (f"{asked.scheme}_proxy", f"{asked.scheme.upper()}_PROXY")
    return f"{_without_user(url)} of {next((name for name in names if os.environ.get(name)), names[1])}"


def _is_a_proxys(response: Any) -> bool:
    """Whether a refusal is none of an S3 server's: these give their reason, in words."""
    code = str(response.get("Error", {}).get("Code") or "")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status in (403, 407, 502, 503, 504) and (not code or code.isdecimal())


def _is_a_websites(response: Any) -> bool:
    """Whether it is another server that has no such page or question: S3 gives its reason in words."""
    code = str(response.get("Error", {}).get("Code") or "")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    is_worded = bool(code) and not code.isdecimal()
    return not is_worded and status in (200, 404, 405, 500, 501)


def _in_region(lake: Lake, there: str | None) -> str:
    variable = "AWS_REGION" if os.environ.get("AWS_REGION") else "AWS_DEFAULT_REGION"
    if not there or there == region():
        return f"bucket {lake.bucket} is in another region than {region()}; mend {variable}"
    return f"bucket {lake.bucket} is in region {there}, not in {region()}; mend {variable}"


def _refusal(lake: Lake, response: Any) -> str:
    error = response.get("Error", {})
    code = str(error.get("Code") or "")
    match code or str(response.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))[:1] + "xx":
        case "NoSuchBucket" | "404":
            return f"bucket {lake.bucket} does not exist; create it, or mend the bucket in FRAUD_ASSETS_LAKE"
        case "InvalidAccessKeyId":
            return "the server does not know the access key; mend AWS_ACCESS_KEY_ID"
        case "SignatureDoesNotMatch":
            return "the secret does not belong to the access key; mend AWS_SECRET_ACCESS_KEY"
        case "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" | "RequestExpired":
            return "the session has expired; sign in again and renew AWS_SESSION_TOKEN"
        case "InvalidToken":
            return "the session token is wrong; mend AWS_SESSION_TOKEN, or unset it for a permanent key"
        case "AccessDenied" | "AllAccessDisabled" | "403":
            return f"the credentials may not list bucket {lake.bucket}; grant s3:ListBucket or mend AWS_ACCESS_KEY_ID"
        case "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" | "301":
            headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            return _in_region(lake, error.get("Region") or headers.get("x-amz-bucket-region"))
        case "3xx" | "302" | "303" | "307" | "308" | "TemporaryRedirect" | "Redirect":
            return _SENT_ON
        case "RequestTimeTooSkewed":
            return "this machine's clock is wrong by more than 15 minutes; set it"
        case _:
            return f"the server refuses to list bucket {lake.bucket} ({code or 'no reason given'})"


def _without_user(url: str | None) -> str | None:
    """The URL without a user name and password, should someone have put them there."""
    if url is None or "@" not in url:
        return url
    # By hand, since what is before the @ may hold anything, also what ends a host in a well-formed URL.
    scheme, mark, _ = url.partition("://")
    return (scheme + mark if mark else "") + url.rpartition("@")[2]
