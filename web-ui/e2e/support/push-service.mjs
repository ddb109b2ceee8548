// A push service of the tests (RFC 8030) and the browser's keys behind it: takes what the daemon sends and decrypts it.
import { createDecipheriv, createECDH, createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
const hmac = (key, ...parts) => createHmac('sha256', key).update(Buffer.concat(parts)).digest();
/** HKDF for at most one block. */
const hkdf = (salt, secret, info, length) =>
  hmac(hmac(salt, secret), Buffer.from(info, 'latin1'), Buffer.from([1])).subarray(0, length);

export class PushService {
  arrived = [];
  /** What the next messages are answered with; 201 when it is empty. */
  answers = [];
  #ecdh = createECDH('prime256v1');
  #auth = randomBytes(16);
  #server = createServer((request, response) => void this.#take(request, response));

  async start() {
    this.#ecdh.generateKeys();
    await new Promise((done) => this.#server.listen(0, '127.0.0.1', done));
    this.origin = `http://127.0.0.1:${this.#server.address().port}`;
    return this;
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** What `PushSubscription.toJSON()` gives in a browser. */
  subscription() {
    return {
      endpoint: `${this.origin}/push/here`,
      keys: { p256dh: base64url(this.#ecdh.getPublicKey()), auth: base64url(this.#auth) },
    };
  }

  async #take(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    this.arrived.push({ headers: request.headers, text: this.#decrypt(Buffer.concat(chunks)) });
    response.writeHead(this.answers.shift() ?? 201).end();
  }

  /** RFC 8291, by its words. */
  #decrypt(body) {
    const salt = body.subarray(0, 16);
    const sender = body.subarray(21, 21 + body[20]);
    const record = body.subarray(21 + body[20]);
    const info = `WebPush: info\0${this.#ecdh.getPublicKey('latin1')}${sender.toString('latin1')}`;
    const ikm = hkdf(this.#auth, this.#ecdh.computeSecret(sender), info, 32);
    const key = hkdf(salt, ikm, 'Content-Encoding: aes128gcm\0', 16);
    const nonce = hkdf(salt, ikm, 'Content-Encoding: nonce\0', 12);
    const open = createDecipheriv('aes-128-gcm', key, nonce).setAuthTag(record.subarray(-16));
    const plain = Buffer.concat([open.update(record.subarray(0, -16)), open.final()]);
    return plain.subarray(0, plain.lastIndexOf(2)).toString('utf8');
  }
}

/**
 * Run in the page before anything else: no browser of a test reaches a real push service, so this one stands in for
 * it. Permission, service worker and notifications are the browser's own.
 */
export function standIn(subscription) {
  let made = null;
  const make = (options) => ({
    endpoint: subscription.endpoint,
    options: { applicationServerKey: options.applicationServerKey.buffer },
    toJSON: () => subscription,
    unsubscribe: async () => {
      made = null;
      localStorage.removeItem('test.pushed');
      return true;
    },
  });
  PushManager.prototype.subscribe = async (options) => {
    localStorage.setItem('test.pushed', JSON.stringify([...options.applicationServerKey]));
    made = make(options);
    return made;
  };
  PushManager.prototype.getSubscription = async () => {
    const kept = localStorage.getItem('test.pushed');
    if (!made && kept) made = make({ applicationServerKey: Uint8Array.from(JSON.parse(kept)) });
    return made;
  };
}
