"""An S3 server for tests (moto). Prints its address and a key that it takes as JSON, then does what each line asks."""

import json
import sys

import boto3
import requests
from moto.server import ThreadedMotoServer


def serve(port):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    return server


server = serve(0)
port = server.get_host_and_port()[1]
endpoint = f"http://127.0.0.1:{port}"


def client(kind, key="test", secret="test"):
    return boto3.client(
        kind,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


iam = client("iam")
iam.create_user(UserName="hill")
made = iam.create_access_key(UserName="hill")["AccessKey"]
key, secret = made["AccessKeyId"], made["SecretAccessKey"]
allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
iam.put_user_policy(
    UserName="hill",
    PolicyName="all",
    PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
)
client("s3").create_bucket(Bucket="shelf")
# From now on keys are checked.
requests.post(endpoint + "/moto-api/reset-auth", data=b"0", timeout=30)
shelf = client("s3", key, secret)
print(json.dumps({"endpoint": endpoint, "id": key, "secret": secret}), flush=True)

for line in sys.stdin:
    answer = "done"
    match line.strip():
        case "list":
            pages = shelf.get_paginator("list_objects_v2").paginate(Bucket="shelf")
            answer = [one["Key"] for page in pages for one in page.get("Contents", [])]
        case "stop":
            server.stop()
        case "start":
            server = serve(port)
    print(json.dumps(answer), flush=True)
