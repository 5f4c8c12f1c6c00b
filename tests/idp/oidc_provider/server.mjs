// An OpenID provider for tests: node server.mjs < settings.json
// Its clients are in the file that the settings name, which is read anew for each look-up, so that a test can register
// one after it knows its redirect URI. Whoever types a user name is that person; `people` says what is claimed of them.
import { readFileSync } from 'node:fs';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';

const settings = JSON.parse(readFileSync(0));
const inMemory = createMemoryAdapter();

function adapter(model) {
  const store = inMemory(model);
  if (model === 'Client') {
    store.find = async (id) => JSON.parse(readFileSync(settings.clients)).find((client) => client.client_id === id);
  }
  return store;
}

async function key(alg) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), use: 'sig', alg };
}

const provider = new Provider(settings.issuer, {
  adapter,
  jwks: { keys: [await key('RS256'), await key('ES256')] },
  cookies: { keys: [settings.issuer] },
  pkce: { required: () => true },
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['name', 'given_name', 'family_name', 'preferred_username', 'groups'],
  },
  features: {
    devInteractions: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  // By itself it calls nobody at an address of this machine; here everybody is.
  fetch: (url, { dispatcher: _guard, ...options }) => fetch(url, options),
  findAccount: (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, ...settings.people[id] }) }),
});

for (const event of ['server_error', 'authorization.error', 'grant.error', 'end_session.error', 'backchannel.error', 'userinfo.error']) {
  provider.on(event, (...what) => console.error(event, ...what.filter((each) => each instanceof Error)));
}
provider.on('backchannel.success', () => console.error('backchannel.success'));
provider.listen(settings.port, '127.0.0.1');
