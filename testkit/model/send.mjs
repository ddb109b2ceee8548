// Puts an answer on the wire: whole or streamed, late, refused, or cut off in the middle.

const JSON_TYPE = { 'content-type': 'application/json' }

/** Sends JSON unless the caller has gone. */
export function sendJson(response, status, body) {
  if (response.destroyed) return
  response.writeHead(status, JSON_TYPE)
  response.end(JSON.stringify(body))
}

/** Sends the reply to a model request; resolves when it is out or the caller has hung up. */
export async function sendReply(response, api, turn, reply) {
  if (reply.delay_ms > 0 && !(await pause(response, reply.delay_ms))) return
  if (reply.status) return sendJson(response, reply.status, api.error(reply.status))
  if (!turn.stream) return reply.cut ? response.destroy() : sendJson(response, 200, api.whole(turn, reply))
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const events = [...api.events(turn, reply)]
  // A cut leaves the caller with at least one event and never with the last one.
  const stop = reply.cut ? Math.max(1, Math.floor(events.length / 2)) : events.length
  for (const { event, data } of events.slice(0, stop)) {
    if (response.destroyed) return
    const text = typeof data === 'string' ? data : JSON.stringify(data)
    response.write(`${event ? `event: ${event}\n` : ''}data: ${text}\n\n`)
    if (reply.chunk_ms > 0 && !(await pause(response, reply.chunk_ms))) return
  }
  if (!reply.cut) return response.end()
  await pause(response, 50)
  response.destroy()
}

/** Waits; false when the caller hung up meanwhile. */
function pause(response, ms) {
  return new Promise((resolve) => {
    const done = (alive) => {
      clearTimeout(timer)
      response.off('close', gone)
      resolve(alive)
    }
    const gone = () => done(false)
    const timer = setTimeout(() => done(!response.destroyed), ms)
    response.once('close', gone)
  })
}
