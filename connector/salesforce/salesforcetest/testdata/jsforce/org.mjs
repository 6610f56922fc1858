// Drives a simulated org with jsforce. The addresses and secrets come in ORG, as JSON.
import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import jsforce from 'jsforce';

const org = JSON.parse(process.env.ORG);
const control = async (path, body, method = 'POST') => {
  const answer = await fetch(`${org.url}/__sim/${path}`, { method, body: JSON.stringify(body ?? {}) });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
};
const version = '64.0';
const steps = [];
const step = (name, run) => steps.push({ name, run });

let soap;
let connection;

step('SOAP login', async () => {
  soap = new jsforce.Connection({ loginUrl: org.url, version });
  const user = await soap.login(org.username, org.password + org.securityToken);
  assert.match(user.id, /^005\w{15}$/);
  assert.match(user.organizationId, /^00D\w{15}$/);
  assert.equal(soap.instanceUrl, org.url);
});

step('SOAP login with a wrong password', async () => {
  await assert.rejects(new jsforce.Connection({ loginUrl: org.url, version }).login(org.username, 'x'), /INVALID_LOGIN: Invalid username, password, security token; or user locked out\./);
});

step('OAuth with username and password, and with a refresh token', async () => {
  const oauth2 = { loginUrl: org.url, clientId: org.clientId, clientSecret: org.clientSecret };
  const c = new jsforce.Connection({ oauth2, version });
  await c.login(org.username, org.password + org.securityToken);
  assert.ok(c.accessToken && !c.refreshToken);
  const refreshing = new jsforce.Connection({ oauth2, instanceUrl: org.url, accessToken: '00D000000000000!expired', refreshToken: org.refreshToken, version });
  assert.ok((await refreshing.query('SELECT Id FROM Profile')).totalSize > 5, 'the refresh token renews the session');
});

step('OAuth with client credentials', async () => {
  const oauth2 = new jsforce.OAuth2({ loginUrl: org.url, clientId: org.clientId, clientSecret: org.clientSecret });
  const token = await oauth2.requestToken({ grant_type: 'client_credentials' });
  connection = new jsforce.Connection({
    instanceUrl: token.instance_url, accessToken: token.access_token, version,
    refreshFn: async (_, callback) => callback(null, (await oauth2.requestToken({ grant_type: 'client_credentials' })).access_token),
  });
  const identity = await new jsforce.Connection({ instanceUrl: token.instance_url, accessToken: token.access_token, version }).request(token.id);
  assert.equal(identity.username, org.username);
});

step('OAuth with JWT bearer', async () => {
  const base64 = (value) => Buffer.from(value).toString('base64url');
  const claims = { iss: org.clientId, sub: org.username, aud: org.url, exp: Math.floor(Date.now() / 1000) + 180 };
  const unsigned = `${base64(JSON.stringify({ alg: 'RS256' }))}.${base64(JSON.stringify(claims))}`;
  const signature = sign('RSA-SHA256', Buffer.from(unsigned), org.privateKey).toString('base64url');
  const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: `${unsigned}.${signature}` };
  const c = new jsforce.Connection({ oauth2: { loginUrl: org.url }, version });
  assert.match((await c.authorize(grant)).id, /^005/);
  assert.equal((await c.identity()).username, org.username);
  const forged = new jsforce.Connection({ oauth2: { loginUrl: org.url }, version });
  await assert.rejects(forged.authorize({ ...grant, assertion: `${unsigned}.${base64('forged')}` }), (e) => e.name === 'invalid_grant');
});

step('OAuth in a browser, with a proof key', async () => {
  const oauth2 = new jsforce.OAuth2({ loginUrl: org.url, clientId: org.clientId, redirectUri: 'http://localhost/callback', useVerifier: true });
  const form = new URLSearchParams(new URL(oauth2.getAuthorizationUrl({ scope: 'api refresh_token', state: 'here' })).search);
  form.set('username', org.username);
  form.set('password', org.password);
  const redirected = await fetch(`${org.url}/services/oauth2/authorize`, { method: 'POST', body: form, redirect: 'manual' });
  const target = new URL(redirected.headers.get('location'));
  assert.equal(target.searchParams.get('state'), 'here');
  const c = new jsforce.Connection({ oauth2, version });
  await c.authorize(target.searchParams.get('code'));
  assert.ok(c.refreshToken);
  await control('expire-sessions');
  assert.ok((await c.query('SELECT Id FROM Profile')).totalSize > 5, 'the refresh token renews the session');
  assert.equal((await c.identity()).username, org.username);
  await c.logout();
});

step('a session that was handed over, without a way to renew it', async () => {
  const given = new jsforce.Connection({ serverUrl: `${org.url}/services/Soap/u/${version}`, sessionId: soap.accessToken, version });
  await control('expire-sessions');
  await assert.rejects(given.query('SELECT Id FROM User'), (e) => e.errorCode === 'INVALID_SESSION_ID');
  const renewed = await soap.query('SELECT Id FROM User');
  assert.ok(renewed.done, 'a connection that knows the password signs in again');
});

step('identity', async () => {
  assert.equal((await connection.identity()).username, org.username);
});

step('versions, limits and describe', async () => {
  const versions = await connection.request('/services/data');
  assert.equal(versions.at(-1).version, '67.0');
  assert.ok((await connection.limits()).DailyApiRequests.Remaining > 0);
  assert.ok(connection.limitInfo.apiUsage.used > 0);
  const global = await connection.describeGlobal();
  assert.ok(global.sobjects.some((o) => o.name === 'User'));
  const user = await connection.sobject('User').describe();
  assert.equal(user.fields.find((f) => f.name === 'Alias').length, 8);
});

const body = (name, more = {}) => ({
  Username: `${name}@example.com`, LastName: name, Email: `${name}@example.com`, Alias: name.slice(0, 8), TimeZoneSidKey: 'Europe/Paris',
  LocaleSidKey: 'fr_FR', EmailEncodingKey: 'UTF-8', LanguageLocaleKey: 'fr', ProfileId: org.profileId, ...more,
});
const users = () => connection.sobject('User');
let one;

step('create, retrieve, update one', async () => {
  const created = await users().create(body('one'));
  assert.ok(created.success);
  one = created.id;
  assert.equal((await users().retrieve(one)).Username, 'one@example.com');
  assert.ok((await users().update({ Id: one, Title: 'Engineer', IsActive: false })).success);
  const read = await users().findOne({ Username: 'one@example.com' }, 'Title, IsActive, Profile.Name');
  assert.deepEqual([read.Title, read.IsActive, read.Profile.Name], ['Engineer', false, 'Standard User']);
});

step('errors with codes', async () => {
  await assert.rejects(users().create(body('one')), (e) => e.errorCode === 'DUPLICATE_USERNAME' && e.message.startsWith('Duplicate Username.'));
  await assert.rejects(users().create({ LastName: 'x' }), (e) => e.errorCode === 'REQUIRED_FIELD_MISSING');
  await assert.rejects(users().retrieve('005000000000001AAA'), (e) => e.errorCode === 'NOT_FOUND');
  await assert.rejects(connection.query('SELECT Foo FROM User'), (e) => e.errorCode === 'INVALID_FIELD');
  await assert.rejects(connection.query('SELECT Id FROM User WHERE'), (e) => e.errorCode === 'MALFORMED_QUERY');
  await assert.rejects(users().destroy(one));
  await assert.rejects(users().create(body('picky', { TimeZoneSidKey: 'Foo/Bar' })), (e) => e.errorCode === 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST');
  await assert.rejects(users().create(body('picky', { Alias: 'much too long' })), (e) => e.errorCode === 'STRING_TOO_LONG');
  await assert.rejects(users().update({ Id: one, Foo: 'x' }), (e) => e.errorCode === 'INVALID_FIELD');
  await assert.rejects(connection.sobject('Foo').describe(), (e) => e.errorCode === 'NOT_FOUND');
  for (const [kind, code] of [['quota', 'REQUEST_LIMIT_EXCEEDED'], ['unavailable', 'SERVER_UNAVAILABLE'], ['server-error', 'UNKNOWN_EXCEPTION'], ['row-lock', 'UNABLE_TO_LOCK_ROW']]) {
    await control('faults', [{ kind, operation: 'update', times: -1 }], 'PUT');
    await assert.rejects(users().update({ Id: one, Title: 'x' }), (e) => e.errorCode === code, kind);
  }
  await control('faults', [], 'PUT');
});

step('delete one and many', async () => {
  const members = connection.sobject('GroupMember');
  const created = await members.create([{ GroupId: org.groupId, UserOrGroupId: one }, { GroupId: org.queueId, UserOrGroupId: one }]);
  assert.ok((await members.destroy(created[0].id)).success);
  assert.deepEqual((await members.destroy(created.map((r) => r.id))).map((r) => r.success), [false, true]);
  const start = new Date(Date.now() - 60_000);
  const deleted = await members.deleted(start.toISOString(), new Date(Date.now() + 60_000).toISOString());
  assert.equal(deleted.deletedRecords.length, 2);
  const changed = await users().updated(start.toISOString(), new Date(Date.now() + 60_000).toISOString());
  assert.ok(changed.ids.includes(one));
});

step('create, update, retrieve many', async () => {
  const created = await users().create([...Array(450).keys()].map((i) => body(`many${i}`)), { allowRecursive: true });
  assert.equal(created.filter((r) => r.success).length, 450);
  const updated = await users().update(created.slice(0, 150).map((r) => ({ Id: r.id, Department: 'Many' })));
  assert.ok(updated.every((r) => r.success));
  const read = await users().retrieve(created.slice(0, 100).map((r) => r.id));
  assert.ok(read.every((r) => r.Department === 'Many'));
  const mixed = await users().create([body('many1'), body('fresh')], { allOrNone: false });
  assert.deepEqual(mixed.map((r) => r.success), [false, true]);
  assert.equal(mixed[0].errors[0].statusCode ?? mixed[0].errors[0].errorCode, 'DUPLICATE_USERNAME');
});

step('upsert', async () => {
  const first = await users().upsert(body('upserted', { Person__c: 'P-1' }), 'Person__c');
  assert.ok(first.success && first.created);
  const second = await users().upsert({ Person__c: 'P-1', Title: 'x' }, 'Person__c');
  assert.ok(second.success && !second.created);
  const many = await users().upsert([{ Person__c: 'P-1', Title: 'y' }, body('upserted2', { Person__c: 'P-2' })], 'Person__c');
  assert.deepEqual(many.map((r) => r.success), [true, true]);
});

step('queries with pages', async () => {
  const found = await connection.query('SELECT Id, Username FROM User ORDER BY Id', { autoFetch: true, maxFetch: 10000, headers: { 'Sforce-Query-Options': 'batchSize=200' } });
  assert.equal(found.records.length, found.totalSize);
  assert.ok(found.totalSize > 450);
  const paged = { headers: { 'Sforce-Query-Options': 'batchSize=200' } };
  const first = await connection.query('SELECT Id FROM User', paged);
  assert.deepEqual([first.done, first.records.length], [false, 200]);
  await control('expire-sessions'); // Cursors belong to the user, not to the session.
  const second = await connection.queryMore(first.nextRecordsUrl, paged);
  assert.equal(second.records.length, 200);
  await control('expire-cursors');
  await assert.rejects(connection.queryMore(second.nextRecordsUrl, paged), (e) => e.errorCode === 'INVALID_QUERY_LOCATOR');
  const all = await connection.query('SELECT Id FROM GroupMember', { scanAll: true });
  assert.ok(all.totalSize >= 2, 'queryAll finds what was deleted');
  assert.equal((await users().select('Id, (SELECT GroupId FROM PermissionSetAssignments)').limit(1).execute().catch((e) => e.errorCode)), 'INVALID_FIELD');
  const some = await users().find({ Department: 'Many', Username: { $like: 'many1%' } }, ['Id', 'Username']).sort({ Username: -1 }).limit(5);
  assert.deepEqual(some.map((r) => r.Username).slice(0, 2), ['many1@example.com', 'many19@example.com']);
  assert.equal(await users().count({ Department: 'Many' }), 150);
});

step('composite', async () => {
  const answer = await connection.requestPost(`/services/data/v${version}/composite`, {
    allOrNone: true, compositeRequest: [
      { method: 'POST', url: `/services/data/v${version}/sobjects/User`, referenceId: 'u', body: body('composed') },
      { method: 'POST', url: `/services/data/v${version}/sobjects/PermissionSetAssignment`, referenceId: 'p', body: { AssigneeId: '@{u.id}', PermissionSetId: org.permissionSetId } },
    ],
  });
  assert.deepEqual(answer.compositeResponse.map((r) => r.httpStatusCode), [201, 201], JSON.stringify(answer));
});

step('Bulk 2.0', async () => {
  connection.bulk2.pollInterval = 10;
  connection.bulk2.pollTimeout = 20000;
  const result = await connection.bulk2.loadAndWaitForResults({ object: 'User', operation: 'insert', input: [body('bulk1'), body('bulk2', { Alias: 'much too long' }), body('bulk3')] });
  assert.deepEqual([result.successfulResults.length, result.failedResults.length, result.unprocessedRecords.length], [2, 1, 0]);
  assert.match(result.failedResults[0].sf__Error, /^STRING_TOO_LONG:/);
  const rows = await (await connection.bulk2.query("SELECT Id, Username, Profile.Name FROM User WHERE Username LIKE 'bulk%'")).toArray();
  assert.deepEqual(rows.map((r) => r.Username).sort(), ['bulk1@example.com', 'bulk3@example.com']);
});

step('Bulk 2.0 update, upsert, abort and delete', async () => {
  const [first] = await users().find({ Username: 'bulk1@example.com' }, ['Id']);
  const updated = await connection.bulk2.loadAndWaitForResults({ object: 'User', operation: 'update', input: [{ Id: first.Id, Title: 'Bulk' }] });
  assert.equal(updated.successfulResults[0].sf__Id, first.Id);
  const upserted = await connection.bulk2.loadAndWaitForResults({
    object: 'User', operation: 'upsert', externalIdFieldName: 'Person__c', input: [body('upserted', { Person__c: 'P-1' }), body('bulk4', { Person__c: 'P-4' })],
  });
  assert.deepEqual(upserted.successfulResults.map((r) => r.sf__Created), ['false', 'true']);
  const job = connection.bulk2.createJob({ object: 'User', operation: 'insert' });
  await job.open();
  await job.uploadData([body('bulk5')]);
  await job.abort();
  assert.equal((await job.check()).state, 'Aborted');
  await job.delete();
  await assert.rejects(job.check(), (e) => e.errorCode === 'NOT_FOUND' || e.name === 'NOT_FOUND');
  const running = connection.bulk2.createJob({ object: 'User', operation: 'insert' });
  await running.open();
  await running.uploadData([body('bulk6')]); // jsforce cannot repeat an upload, so its session has to live.
  await control('expire-sessions');
  await running.close();
  await running.poll();
  assert.equal((await running.getAllResults()).successfulResults.length, 1, 'the job outlives the session');
});

step('a session that ends in the middle', async () => {
  await control('expire-sessions');
  assert.equal((await users().retrieve(one)).Id, one);
  await control('faults', [{ kind: 'session-expired', operation: 'create', match: 'many460@example.com' }], 'PUT');
  const created = await users().create([...Array(450).keys()].map((i) => body(`many${i + 450}`)), { allowRecursive: true });
  assert.equal(created.filter((r) => r.success).length, 450, 'the call that was refused is repeated');
  await Promise.all([...Array(8).keys()].map(async (i) => {
    if (i === 3) await control('expire-sessions');
    assert.equal((await users().retrieve(one)).Id, one);
  }));
});

step('logout', async () => {
  await soap.login(org.username, org.password + org.securityToken);
  await soap.logout();
  await connection.query('SELECT Id FROM User LIMIT 1');
});

for (const { name, run } of steps) {
  try {
    await run();
    console.log(`ok   ${name}`);
  } catch (fault) {
    console.error(`FAIL ${name}`, fault);
    process.exit(1);
  }
}
