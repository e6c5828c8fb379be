#!/usr/bin/env bash
# The first calls of a client, one after the other. Needs curl and node.
set -euo pipefail
url="${CHATTER_URL:-http://127.0.0.1:3000}/api/v1"
field() { node -pe "JSON.parse(require('fs').readFileSync(0, 'utf8'))$1"; }

echo '# Register: a user, a personal workspace and a pair of tokens'
email="user-$RANDOM$RANDOM@example.com"
account=$(curl -sS "$url/auth/register" -H 'Content-Type: application/json' \
  -d "{\"email\":\"$email\",\"password\":\"correct horse battery\"}")
token=$(field .accessToken <<<"$account")
auth=(-H "Authorization: Bearer $token")
json=(-H 'Content-Type: application/json')

echo '# A chat turn as JSON'
reply=$(curl -sS "$url/chat" "${auth[@]}" "${json[@]}" -H 'Idempotency-Key: first-turn' -d '{"message":"Hello!"}')
field .message.content <<<"$reply"
conversation=$(field .conversation.id <<<"$reply")

echo '# The next turn of the same conversation, streamed'
curl -sSN "$url/chat" "${auth[@]}" "${json[@]}" -H 'Accept: text/event-stream' \
  -d "{\"conversationId\":\"$conversation\",\"message\":\"What did I say before?\"}"

echo '# The log of the first run, read again after its third event'
run=$(field .run.id <<<"$reply")
curl -sSN "$url/runs/$run/events" "${auth[@]}" -H 'Accept: text/event-stream' -H 'Last-Event-ID: 3'

echo '# A run that goes on in the background, cancelled'
curl -sSN --max-time 1 "$url/chat" "${auth[@]}" "${json[@]}" -H 'Accept: text/event-stream' \
  -d '{"message":"repeat 200 times: a long answer"}' >/dev/null || true
run=$(curl -sS "$url/runs?limit=1" "${auth[@]}" | field '.items[0].id')
curl -sS -X POST "$url/runs/$run/cancel" "${auth[@]}" | field .status

echo '# The messages of the conversation'
curl -sS "$url/conversations/$conversation/messages" "${auth[@]}"
echo
