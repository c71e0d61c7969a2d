"""An ordinary boto3 program: it says who it is, and keeps a note in a bucket."""

import boto3

BUCKET = "plugincreds-demo"

print("I am", boto3.client("sts").get_caller_identity()["Arn"])

s3 = boto3.client("s3")
s3.create_bucket(Bucket=BUCKET)
s3.put_object(Bucket=BUCKET, Key="notes/hello.txt", Body=b"signed by a plugin")
print("read back:", s3.get_object(Bucket=BUCKET, Key="notes/hello.txt")["Body"].read().decode())
listing = s3.list_objects_v2(Bucket=BUCKET)
print("listed:", ", ".join(entry["Key"] for entry in listing["Contents"]))
