#!/bin/sh
# Create what the cluster keeps secret: the token that its machines show each other, and the page's users.
# Run it once, in the project's folder:  sh containers/create-secrets.sh [USER]
set -eu
user=${1:-lab}
random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
mkdir -p secrets
chmod 700 secrets
if [ ! -s secrets/ray_token ]; then
  random 32 >secrets/ray_token
fi
if [ ! -s secrets/page_users ]; then
  password=$(random 9)
  printf '%s:%s\n' "$user" "$password" >secrets/page_users
  echo "The page's login is $user with the password $password (kept in secrets/page_users)."
fi
# Others cannot enter the folder; the containers, which see only the files, run as another user than you.
chmod 444 secrets/ray_token secrets/page_users
touch .env
grep -q '^RQVAE_SECRETS=' .env || echo 'RQVAE_SECRETS=./secrets' >>.env
echo "Secrets are in ./secrets. Start the cluster with:  docker compose up -d"
