// Drives a simulated org with jsforce. The addresses and secrets come in ORG, as JSON.
import assert from 'node:assert/strict';
import jsforce from 'jsforce';

const org = JSON.parse(process.env.ORG);
const control = async (path, body) => {
  const answer = await fetch(`${org.url}/__sim/${path}`, { method: 'POST', body: JSON.stringify(body ?? {}) });
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

step('a session that ends in the middle', async () => {
  await control('expire-sessions');
  assert.equal((await users().retrieve(one)).Id, one);
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
