// Uses the AWS SDK for JavaScript as reach.py uses its clients: a request for each line of stdin.
const readline = require("readline");
const { STSClient, GetCallerIdentityCommand } = require(process.argv[2]);

const client = new STSClient({ region: "us-east-1", endpoint: process.env.AWS_ENDPOINT_URL });

async function main() {
  for await (const _ of readline.createInterface({ input: process.stdin })) {
    try {
      await client.send(new GetCallerIdentityCommand({}));
      console.log("signed");
    } catch (error) {
      console.error(String(error));
      console.log("failed");
    }
  }
}

main();
