"""Write an object with boto3's resource, read it with its client; the argument is the bucket."""

import json
import sys

import boto3

bucket = sys.argv[1]
boto3.resource("s3").Object(bucket, "greeting").put(Body=b"hello")
names = [each.key for each in boto3.resource("s3").Bucket(bucket).objects.all()]
read = boto3.client("s3").get_object(Bucket=bucket, Key="greeting")["Body"].read()
print(json.dumps({"names": names, "read": read.decode()}))
