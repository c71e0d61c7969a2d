"""Let 16 threads make two sessions each, all at once, and report who each of them is."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import boto3

THREADS = 16
start = Barrier(THREADS)


def who(_: int) -> list[tuple[str, str]]:
    """Return name and method of two sessions of this thread's own."""
    start.wait()
    answers = []
    for session in (boto3.session.Session(), boto3.session.Session()):
        sts = session.client("sts", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
        answers.append((sts.get_caller_identity()["Arn"], session.get_credentials().method))
    return answers


with ThreadPoolExecutor(THREADS) as pool:
    print(json.dumps([answer for answers in pool.map(who, range(THREADS)) for answer in answers]))
