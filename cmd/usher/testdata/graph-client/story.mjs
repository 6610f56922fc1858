// The life of an application, told with Microsoft's JavaScript client for Microsoft
// Graph: from the gallery to the log, and away again. SERVICE is a JSON object with
// url, tenantId, clientId, clientSecret and org; NODE_EXTRA_CA_CERTS names the
// certificate authority of the service.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchRequestContent, BatchResponseContent, Client, PageIterator, GraphError, ResponseType } from '@microsoft/microsoft-graph-client';

const service = JSON.parse(process.env.SERVICE);
const graph = Client.initWithMiddleware({
  baseUrl: service.url,
  defaultVersion: 'v1.0',
  customHosts: new Set([new URL(service.url).hostname]),
  authProvider: { getAccessToken },
});

let token;
async function getAccessToken() {
  if (token) return token;
  const configuration = await (await fetch(`${service.url}/${service.tenantId}/v2.0/.well-known/openid-configuration`)).json();
  const answer = await fetch(configuration.token_endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials', client_id: service.clientId, client_secret: service.clientSecret, scope: `${service.url}/.default`,
    }),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  token = (await answer.json()).access_token;
  assert.equal(token.split('.').length, 3);
  return token;
}

async function step(name, work) {
  const began = Date.now();
  const result = await work();
  console.log(`ok  ${name} (${Date.now() - began} ms)`);
  return result;
}

// refused expects an error of the service and returns it.
async function refused(status, request) {
  try {
    await request;
  } catch (error) {
    assert.ok(error instanceof GraphError, String(error));
    assert.equal(error.statusCode, status, `${error.code}: ${error.message}`);
    return error;
  }
  assert.fail(`no error, want ${status}`);
}

async function eventually(what, holds) {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(250)) {
    const result = await holds();
    if (result) return result;
  }
  assert.fail(`waited in vain: ${what}`);
}

// all follows the links of a collection to its end.
async function all(page) {
  const items = [];
  const pages = new PageIterator(graph, page, (item) => items.push(item) > 0);
  await pages.iterate();
  return { items, deltaLink: pages.getDeltaLink() };
}

await step('be refused without a good token', async () => {
  const stranger = Client.init({
    baseUrl: service.url, customHosts: new Set([new URL(service.url).hostname]), authProvider: (done) => done(null, 'not.a.token'),
  });
  const error = await refused(401, stranger.api('/organization').get());
  assert.equal(error.code, 'InvalidAuthenticationToken');
  assert.ok(error.requestId);
});

const application = await step('instantiate the template of the gallery', async () => {
  const templates = await graph.api('/applicationTemplates').filter("displayName eq 'Salesforce'").get();
  assert.equal(templates.value.length, 1);
  const made = await graph.api(`/applicationTemplates/${templates.value[0].id}/instantiate`).post({ displayName: 'Salesforce of JavaScript' });
  assert.equal(made.servicePrincipal.appId, made.application.appId);
  return made;
});
const principal = `/servicePrincipals/${application.servicePrincipal.id}`;
const synchronization = `${principal}/synchronization`;
const credentials = (password) => [
  { key: 'BaseAddress', value: service.org.url }, { key: 'UserName', value: service.org.username },
  { key: 'Password', value: password }, { key: 'SecretToken', value: service.org.securityToken },
];

await step('test the credentials, and save them', async () => {
  const test = (password) => graph.api(`${synchronization}/jobs/validateCredentials`).post({ templateId: 'salesforce', useSavedCredentials: false, credentials: credentials(password) });
  const error = await refused(400, test('wrong'));
  assert.equal(error.code, 'SalesforceInvalidCredentials');
  await test(service.org.password);
  await graph.api(`${synchronization}/secrets`).put({ value: credentials(service.org.password) });
  const saved = await graph.api(`${synchronization}/secrets`).get();
  assert.deepEqual(saved.value.map((secret) => secret.key), ['BaseAddress', 'UserName', 'Password', 'SecretToken']);
  assert.deepEqual(saved.value.map((secret) => secret.value), [service.org.url, service.org.username, '*', '*']);
});

const job = await step('create the job', async () => {
  const templates = await graph.api(`${synchronization}/templates`).get();
  const made = await graph.api(`${synchronization}/jobs`).post({ templateId: templates.value[0].id });
  assert.equal(made.schedule.state, 'Disabled');
  await refused(404, graph.api(`${synchronization}/jobs/${made.id}x`).get());
  return `${synchronization}/jobs/${made.id}`;
});

await step('read and change the schema', async () => {
  const schema = await graph.api(`${job}/schema`).get();
  const mappings = schema.synchronizationRules[0].objectMappings[0].attributeMappings;
  const parsed = await graph.api(`${job}/schema/parseExpression`).post({
    expression: 'ToUpper([jobTitle], )', testInputObject: { definition: null, properties: [{ key: 'jobTitle', value: 'boss' }] },
  });
  assert.equal(parsed.parsingSucceeded, true, JSON.stringify(parsed.error));
  assert.deepEqual(parsed.evaluationResult, ['BOSS']);
  const email = mappings.find((mapping) => mapping.targetAttributeName === 'Email');
  mappings.push({ ...email, targetAttributeName: 'Title', source: parsed.parsedExpression });
  await graph.api(`${job}/schema`).put(schema);
  await graph.api(`${job}/schema`).patch({});
  const after = await graph.api(`${job}/schema`).get();
  delete schema['@odata.context'];
  delete after['@odata.context'];
  assert.deepEqual(after, schema);
  schema.synchronizationRules[0].objectMappings[0].attributeMappings.at(-1).source = { type: 'Function', expression: 'ToUpper(' };
  await refused(400, graph.api(`${job}/schema`).put(schema));
  const kept = await graph.api(`${job}/schema`).get();
  delete kept['@odata.context'];
  assert.deepEqual(kept, after, 'a schema that is refused changes nothing');
  const functions = await graph.api(`${job}/schema/functions`).get();
  assert.ok(functions.value.length >= 43 && functions.value.every((f) => f.id === f.name));
});

const people = await step('create users and a group', async () => {
  const create = async (given, surname, jobTitle) => (await graph.api('/users').post({
    accountEnabled: true, displayName: `${given} ${surname}`, givenName: given, surname, jobTitle, mailNickname: given.toLowerCase(),
    mail: `${given}@contoso.example`.toLowerCase(), userPrincipalName: `${given}@contoso.example`.toLowerCase(),
    passwordProfile: { password: 'Not-kept-1' },
  })).id;
  const nora = await create('Nora', 'Lind', 'head');
  const ben = await create('Ben', 'Okafor', 'agent');
  await graph.api(`/users/${ben}/manager/$ref`).put({ '@odata.id': `https://graph.microsoft.com/v1.0/users/${nora}` });
  assert.equal((await graph.api(`/users/${ben}/manager`).get()).id, nora);
  const group = await graph.api('/groups').post({ displayName: 'Sales', mailEnabled: false, mailNickname: 'sales', securityEnabled: true, groupTypes: [] });
  const add = () => graph.api(`/groups/${group.id}/members/$ref`).post({ '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${ben}` });
  await add();
  assert.match((await refused(400, add())).message, /One or more added object references already exist/);
  const members = await graph.api(`/groups/${group.id}/members`).get();
  assert.equal(members.value[0]['@odata.type'], '#microsoft.graph.user');
  const found = await graph.api('/users').filter("startswith(displayName,'Nor')").select(['id', 'jobTitle']).get();
  assert.deepEqual(found.value.map((user) => user.jobTitle), ['head']);
  const counted = await graph.api('/users').header('ConsistencyLevel', 'eventual').count(true).filter("endsWith(mail,'@contoso.example')").orderby('displayName').get();
  assert.equal(counted['@odata.count'], 2);
  assert.deepEqual(counted.value.map((user) => user.id), [ben, nora]);
  const expanded = await graph.api('/users/ben@contoso.example').select('id').expand('manager($select=id)').get();
  assert.equal(expanded.manager.id, nora);
  assert.deepEqual((await all(await graph.api('/users').top(1).select('id').get())).items.map((user) => user.id).sort(), [nora, ben].sort());
  return { nora, ben, group: group.id };
});

// follow reads a delta page by page and returns its items and where to go on.
async function follow(from) {
  const { items, deltaLink } = await all(await graph.api(from).get());
  assert.ok(deltaLink.startsWith(service.url), 'the last page has a link to go on from');
  return { items, link: deltaLink };
}

let delta = await step('read the delta of users', async () => {
  const first = await follow('/users/delta?$select=displayName,jobTitle');
  assert.deepEqual([...new Set(first.items.map((user) => user.id))].sort(), [people.nora, people.ben].sort());
  const again = await follow(first.link);
  assert.deepEqual(again.items, [], 'nothing has changed');
  return again;
});

await step('assign a user and a group to a role', async () => {
  const roles = await eventually('the profiles are imported as app roles', async () => {
    const { appRoles } = await graph.api(principal).get();
    return appRoles.some((role) => role.displayName === 'Standard User') && appRoles;
  });
  const appRoleId = roles.find((role) => role.displayName === 'Standard User').id;
  for (const principalId of [people.nora, people.group]) {
    const made = await graph.api(`${principal}/appRoleAssignedTo`).post({ principalId, resourceId: application.servicePrincipal.id, appRoleId });
    assert.equal((await graph.api(`${principal}/appRoleAssignedTo/${made.id}`).get()).principalId, principalId);
  }
});

await step('start, and wait for the first cycle', async () => {
  await graph.api(`${job}/start`).responseType(ResponseType.RAW).post();
  const { status } = await eventually('the first cycle ends', async () => {
    const now = await graph.api(job).get();
    return now.status.lastSuccessfulExecution?.state === 'Succeeded' && now;
  });
  assert.equal(status.code, 'Active');
  assert.deepEqual(status.synchronizedEntryCountByType, [{ key: 'User to User', value: 2 }]);
});

await step('read the log page by page', async () => {
  const id = job.split('/').at(-1);
  const { items } = await all(await graph.api('/auditLogs/provisioning').filter(`jobId eq '${id}' and provisioningAction eq 'create'`).top(1).get());
  assert.deepEqual(items.map((row) => row.sourceIdentity.id).sort(), [people.nora, people.ben].sort());
  for (const row of items) {
    assert.equal(row.provisioningStatusInfo.status, 'success');
    assert.ok(row.modifiedProperties.some((property) => property.displayName === 'Title' && ['HEAD', 'AGENT'].includes(property.newValue)));
  }
});

await step('provision on demand', async () => {
  const { synchronizationRules } = await graph.api(`${job}/schema`).get();
  const answer = await graph.api(`${job}/provisionOnDemand`).post({
    parameters: [{ ruleId: synchronizationRules[0].id, subjects: [{ objectId: people.nora, objectTypeName: 'User' }] }],
  });
  assert.equal(JSON.parse(answer.key).details.errorCode, 'RedundantExport');
  assert.equal(JSON.parse(answer.value).provisioningSteps[0].type, 'Import');
});

await step('follow a change to the account', async () => {
  await graph.api(`/users/${people.ben}`).patch({ jobTitle: 'chief' });
  delta = await follow(delta.link);
  assert.deepEqual(delta.items.map((user) => [user.id, user.jobTitle]), [[people.ben, 'chief']]);
  await eventually('the change is written', async () => {
    const rows = await graph.api('/auditLogs/provisioning').filter("provisioningAction eq 'update'").get();
    return rows.value.some((row) => row.modifiedProperties.some((property) => property.newValue === 'CHIEF'));
  });
});

await step('send a batch', async () => {
  const request = (path, method = 'GET', body) => new Request(`${service.url}${path}`, {
    method, body: body && JSON.stringify(body), headers: body && { 'Content-Type': 'application/json' },
  });
  const content = new BatchRequestContent([
    { id: 'change', request: request(`/users/${people.ben}`, 'PATCH', { department: 'Finance' }) },
    { id: 'read', request: request(`/users/${people.ben}?$select=department`), dependsOn: ['change'] },
    { id: 'absent', request: request('/users/nobody@contoso.example'), dependsOn: ['read'] },
    { id: 'after', request: request('/organization'), dependsOn: ['absent'] },
  ]);
  const answers = new BatchResponseContent(await graph.api('/$batch').post(await content.getContent()));
  assert.equal(answers.getResponseById('change').status, 204);
  assert.equal((await answers.getResponseById('read').json()).department, 'Finance');
  assert.equal(answers.getResponseById('absent').status, 404);
  assert.equal(answers.getResponseById('after').status, 424);
});

await step('ask why', async () => {
  const why = await graph.api(`${service.url}/usher/v1/applications/${application.servicePrincipal.id}/users/${people.ben}/why`).get();
  assert.equal(why.inScope, true);
  assert.equal(why.assignments[0].group, 'Sales');
});

await step('restart, pause and delete the job', async () => {
  await graph.api(`${job}/restart`).responseType(ResponseType.RAW).post({ criteria: { resetScope: 'Watermark, Escrows' } });
  await graph.api(`${job}/pause`).responseType(ResponseType.RAW).post();
  assert.equal((await graph.api(job).get()).status.code, 'Paused');
  await graph.api(job).delete();
  await refused(404, graph.api(job).get());
});

await step('delete a user', async () => {
  await graph.api(`/users/${people.ben}`).delete();
  await refused(404, graph.api(`/users/${people.ben}`).get());
  const { items } = await follow(delta.link);
  assert.deepEqual(items.filter((user) => user['@removed']), [{ '@removed': { reason: 'changed' }, id: people.ben }]);
});

await step('delete the application', async () => {
  await graph.api(`/applications/${application.application.id}`).delete();
  await refused(404, graph.api(principal).get());
});
