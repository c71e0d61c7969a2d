"""Texts of errors without a secret, as botocore, requests, hvac and others word them."""

READABLE = (
    # botocore, and what AWS services answer
    "Unable to locate credentials",
    "Partial credentials found in explicit, missing: aws_secret_access_key",
    "The config profile (prod-admin) could not be found",
    "Error when retrieving credentials from custom-process: Credentials refresh failed, response"
    " did not contain: access_key, secret_key",
    "Error when retrieving credentials from custom-process: Error retrieving credentials: missing"
    " required parameter SecretAccessKey",
    "Error when retrieving token from sso: Token has expired and refresh failed",
    "The SSO session associated with this profile has expired or is otherwise invalid. To refresh"
    " this SSO session run aws sso login with the corresponding profile.",
    "Error loading SSO Token: Token for https://acme.awsapps.com/start#/ does not exist",
    "Refreshing temporary credentials failed during mandatory refresh period.",
    "Credentials were refreshed, but the refreshed credentials are still expired.",
    "An error occurred (ExpiredToken) when calling the GetCallerIdentity operation: The security"
    " token included in the request is expired",
    "An error occurred (InvalidClientTokenId) when calling the GetCallerIdentity operation: The"
    " security token included in the request is invalid.",
    "An error occurred (UnrecognizedClientException) when calling the ListTables operation: The"
    " security token included in the request is invalid.",
    "An error occurred (SignatureDoesNotMatch) when calling the AssumeRole operation: Signature"
    " expired: 20260101T101500Z is now earlier than 20260101T102000Z (20260101T103500Z - 15 min.)",
    "An error occurred (AccessDenied) when calling the AssumeRole operation: User:"
    " arn:aws:iam::123456789012:user/anna is not authorized to perform: sts:AssumeRole on"
    " resource: arn:aws:iam::210987654321:role/OrganizationAccountAccessRole",
    "An error occurred (AccessDenied) when calling the GetObject operation: User:"
    " arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_AdministratorAccess_1a2b3c4d5e6f7a8b/"
    "anna@example.com is not authorized to perform: s3:GetObject because no identity-based policy"
    " allows the s3:GetObject action",
    "User: arn:aws:sts::123456789012:assumed-role/prod-EcsTaskRole-1TKLTMITMM0EO/"
    "0123456789abcdef0123456789abcdef is not authorized to perform: kms:Decrypt",
    "User: arn:aws:sts::123456789012:assumed-role/eks-node-group/i-0abc123def4567890 is not"
    " authorized to perform: ecr:GetAuthorizationToken on resource: *",
    "An error occurred (ThrottlingException) when calling the GetSecretValue operation (reached"
    " max retries: 4): Rate exceeded",
    "Secrets Manager can't find the specified secret.",
    "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/broker/key-AbC12d is missing",
    "MFA serial arn:aws:iam::123456789012:mfa/anna was rejected: MultiFactorAuthentication failed"
    " with invalid MFA one time pass code.",
    'Could not connect to the endpoint URL: "https://sts.eu-central-1.amazonaws.com/"',
    'Connect timeout on endpoint URL: "http://169.254.169.254/latest/meta-data/iam/'
    'security-credentials/"',
    'Read timeout on endpoint URL: "https://sts.amazonaws.com/"',
    "Max retries exceeded, RequestId: 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "(Service: Sts, Status Code: 403, Request ID: 7f6b0d7e-1b9d-4f3a-8a4e-9d2f0c9a7b11)",
    "S3 request 4442587FB7D0A2F9 failed with 503 SlowDown",
    "X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
    "Parameter validation failed: Invalid length for parameter SecretId, value: 0, valid min"
    " length: 1",
    "Parameter validation failed: Invalid type for parameter Token, value: None, type: <class"
    " 'NoneType'>, valid types: <class 'str'>",
    'Missing required parameter in input: "RoleArn"',
    "Unknown service: 'stss'. Valid service names are: accessanalyzer, account, sts",
    "Invalid endpoint: https://vault..example.com",
    "The AssumeRoleWithWebIdentity token file /var/run/secrets/eks.amazonaws.com/serviceaccount/"
    "token cannot be read",
    "KeyError: 'SecretAccessKey'",
    "get_provider() got an unexpected keyword argument 'secret_key'",
    "missing keys: ['access_key', 'secret_key', 'token']",
    "expected a tuple (access_key, secret_key, token), got NoneType",
    # requests and urllib3
    "HTTPSConnectionPool(host='vault.example.com', port=8200): Max retries exceeded with url:"
    " /v1/aws/creds/deploy (Caused by NewConnectionError('<urllib3.connection.HTTPSConnection"
    " object at 0x7f8e4c0d5e10>: Failed to establish a new connection: [Errno 111] Connection"
    " refused'))",
    "HTTPSConnectionPool(host='broker.internal', port=443): Read timed out. (read timeout=5)",
    "HTTPSConnectionPool(host='id.example.com', port=443): Max retries exceeded with url:"
    " /oauth2/token (Caused by SSLError(SSLCertVerificationError(1, '[SSL:"
    " CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate"
    " (_ssl.c:1000)')))",
    "HTTPConnectionPool(host='proxy.example.com', port=3128): Max retries exceeded (Caused by"
    " ProxyError('Unable to connect to proxy', OSError('Tunnel connection failed: 407 Proxy"
    " Authentication Required')))",
    "403 Client Error: Forbidden for url: https://vault.example.com:8200/v1/auth/aws/login",
    "404 Client Error: Not Found for url: https://broker.example.com/api/v2/accounts/123456789012/"
    "roles/ReadOnlyAccess/credentials",
    "500 Server Error: Internal Server Error for url: https://id.example.com/realms/prod/"
    "protocol/openid-connect/token",
    "401 Client Error: Unauthorized for url: https://id.example.com/oauth2/token?grant_type="
    "client_credentials&scope=aws.read%20aws.write&audience=https%3A%2F%2Fbroker.example.com",
    "Exceeded 30 redirects.",
    "Invalid URL 'vault.example.com/v1': No scheme supplied. Perhaps you meant"
    " https://vault.example.com/v1?",
    "Failed to resolve 'vault.eu-central-1.prod.example.internal' ([Errno -2] Name or service not"
    " known)",
    "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))",
    "hostname '10.0.12.7' doesn't match 'vault-0.vault-internal.vault.svc.cluster.local'",
    "http://[2001:db8::1]:8200/v1/sys/health?standbyok=true answered 429",
    # hvac, Okta, OIDC and other brokers
    "permission denied, on get https://vault.example.com:8200/v1/aws/sts/deploy",
    "Vault is sealed, on post https://vault.example.com:8200/v1/auth/approle/login",
    "invalid role or secret ID, on post https://vault.example.com:8200/v1/auth/approle/login",
    "1 error occurred: * permission denied, lease aws/creds/deploy/"
    "7d8f5c3a-0e8a-4f7b-9b7e-2f1a6c5d4e3b was revoked",
    "preflight capability check returned 403, please ensure client's policies grant access to path"
    ' "secret/data/production/broker/"',
    "unsupported token type",
    "missing client token",
    "token is not renewable",
    "Bearer token is missing",
    "Basic authentication is not supported, use Negotiate authentication instead",
    'WWW-Authenticate: Bearer realm="https://id.example.com/oauth2/token",service="broker"',
    'Bearer error="invalid_token", error_description="The access token expired"',
    "invalid_grant: Token is not active",
    "invalid_client: Client authentication failed (e.g., unknown client, no client authentication"
    " included, or unsupported authentication method).",
    "E0000004: Authentication failed",
    "Okta session for 00u1abcdEFGHijkl5d7 has expired",
    "The MFA challenge timed out after 60 s; approve the push notification on your phone",
    "cannot get a token: timeout",
    "Failed to fetch token: 500 Internal Server Error",
    "password: authentication failed for user anna",
    "incorrect password",
    "no password for user 'anna' in the keychain 'login.keychain-db'",
    "pass --token or set VAULT_TOKEN",
    "the environment variable AWS_WEB_IDENTITY_TOKEN_FILE is not set",
    "SAMLResponse is missing in the answer of https://adfs.example.com/adfs/ls/IdpInitiatedSignOn"
    ".aspx?loginToRp=urn:amazon:webservices",
    "Kerberos: Cannot find KDC for realm EXAMPLE.COM while getting initial credentials",
    "SPNEGO: Server not found in Kerberos database for HTTP/broker.example.com@EXAMPLE.COM",
    "the settings are secret='' token=\"\" password=None",
    "the check token == expected failed",
    "pwd=/home/anna",
    "cannot clone ssh://git@github.com:22/acme/broker",
    "https://broker.example.com:8443/teams/a@b answered 404",
    "https://broker.example.com/login: ask admin@example.com",
    "Unexpected token: 'end of template'",
    # Python and operating systems
    "[Errno 2] No such file or directory: '/home/anna/.config/acme/credentials.json'",
    "[Errno 13] Permission denied: '/Users/Anna2/Library/Application Support/Acme/Session/v2'",
    "cannot read /Users/Anna2/Library/Application/Acme/credentials",
    "[WinError 3] The system cannot find the path specified: 'C:\\\\Users\\\\Anna\\\\AppData\\\\"
    "Roaming\\\\Acme\\\\tokens\\\\2026'",
    "No module named 'acme_creds.providers.vault'",
    "cannot import name 'BaseCredentialProvider' from 'acme.credentials'"
    " (/opt/app/lib/python3.12/site-packages/acme/credentials/__init__.py)",
    "/usr/lib/x86_64-linux-gnu/libssl.so.3: version `OPENSSL_3.2.0' not found (required by"
    " /srv/venv/lib/python3.11/site-packages/cryptography/hazmat/bindings/_rust.abi3.so)",
    "'NoneType' object has no attribute 'get_frozen_credentials'",
    "Expecting value: line 1 column 1 (char 0)",
    "Expecting property name enclosed in double quotes: line 4 column 17 (char 123)",
    "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
    "Invalid isoformat string: '2026-11-26T10:00:00+00:00Z'",
    "Command '['acme', 'token', '--role', 'deploy']' returned non-zero exit status 3.",
    "Command '['aws', 'sts', 'get-caller-identity', '--profile', 'prod']' timed out after 30 s",
    "[Errno 110] Connection timed out: ('vault-0.vault-internal', 8200)",
    "timed out after 10.0 seconds waiting for unix:///run/user/1000/acme-agent.sock",
    "CERTIFICATE_VERIFY_FAILED: fingerprint SHA256 5F:3A:9C:00:11:22:33:44:55:66:77:88:99:AA:BB",
    "dbus: org.freedesktop.Secret.Error.IsLocked: the collection"
    " '/org/freedesktop/secrets/collection/login' is locked",
    "keyring.errors.NoKeyringError: No recommended backend was available. Install a recommended"
    " 3rd party backend package",
    "pod payments-7c9f6d5b8d-x2x4q in namespace prod has no service account",
    "container registry.example.com/team/broker@sha256:"
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 is not running",
    "unknown id 0123456789abcdef0123456789abcdef01234567",
    "commit da39a3ee5e6b4b0d3255bfef95601890afd80709 has no file broker.toml",
    "checksum mismatch: expected md5 d41d8cd98f00b204e9800998ecf8427e",
    "build 2026.11.26+b4 of the agent is older than 2026.12.01+b1",
    "/nix/store/1b4sb93wp679q4zx9k1ignby1yna3z7c-python3-3.12.4/bin/python3: not found",
    "/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/acme-5x7k2q/agent.sock refused",
    "stack arn:aws:cloudformation:eu-west-1:123456789012:stack/Broker/"
    "1c2fa620-982a-11e3-aff7-50e2416294e0 is in UPDATE_ROLLBACK_COMPLETE",
    "the user pool us-east-1_AbCdEf123 has no client 1h57kf5cpq17m0eml12EXAMPLE",
    "no such role: AmazonSageMaker-ExecutionRole-20260101T000000",
    "the policy AmazonEKSClusterPolicyForServiceAccountTokenVolumeProjection is missing",
    "org.springframework.security.authentication.InternalAuthenticationServiceException: refused",
    "com.amazonaws.services.securitytoken.model.AWSSecurityTokenServiceException: denied",
    "target group targetgroup/EC2Co-Defau-LDNM7Q3ZH1ZN/6d4ea56ca2d6a18d has no targets",
)
# Nothing in their form tells them from secrets.
NOT_TOLD_APART = (
    "the integrity is sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "x-amz-id-2: eftixk72aD6Ap51TnqcoF8eFidJG9Z/2mkiDFu8yU9AS1ed4OpIszj7UDNEHGran",
    "Encoded authorization failure message: Lq3fX0c8TnV5_sPz7RbKdM2yWgEaJ-u9HxQi4oCt1vFhUj",
)
