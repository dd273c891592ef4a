// Uses the sandbox as any Node application would use an org, and prints what it saw as one JSON object.
'use strict';

const jsforce = require('jsforce');

const url = process.env.SANDBOX_URL;
const oauth2 = { loginUrl: url, clientId: 'demo-client-id', clientSecret: 'demo-client-secret' };

async function failure(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return { name: error.name, code: error.errorCode ?? null };
  }
}

function plain({ attributes, ...fields }) {
  return fields;
}

async function signIn() {
  const conn = new jsforce.Connection({ oauth2, version: '60.0' });
  const user = await conn.authorize({ grant_type: 'client_credentials' });
  const identity = await conn.identity();
  return { conn, seen: { user: user.id, instance: conn.instanceUrl, username: identity.username } };
}

async function wrongSecret() {
  const conn = new jsforce.Connection({
    oauth2: { ...oauth2, clientSecret: 'wrong' },
    version: '60.0',
  });
  return failure(conn.authorize({ grant_type: 'client_credentials' }));
}

async function paging(conn) {
  const ids = [];
  await new Promise((resolve, reject) => {
    conn
      .query('SELECT Id, Name FROM Account')
      .on('record', (record) => ids.push(record.Id))
      .on('end', resolve)
      .on('error', reject)
      .run({ autoFetch: true, maxFetch: 100000 });
  });
  const first = await conn.query('SELECT Id FROM Account');
  const second = await conn.queryMore(first.nextRecordsUrl);
  return {
    fetched: ids.length,
    distinct: new Set(ids).size,
    first: [first.totalSize, first.done, first.records.length],
    second: [second.totalSize, second.done, second.records.length],
  };
}

async function finding(conn) {
  const accounts = conn.sobject('Account');
  const some = await accounts
    .find({ Name: { $like: 'Company 000%' }, IsDeleted: false }, { Name: 1, 'Owner.Name': 1 })
    .sort({ Name: -1, Id: 1 })
    .limit(2);
  const dated = await accounts
    .find({ CreatedDate: { $gte: jsforce.Date.toDateTimeLiteral('2026-03-10T00:00:00Z') } }, 'Id')
    .limit(3);
  return {
    names: some.map((record) => record.Name),
    owner: some[0].Owner.Name,
    dated: dated.length,
    count: await accounts.count({ Name: 'Company 0007' }),
  };
}

async function rows(conn) {
  const accounts = conn.sobject('Account');
  const made = await accounts.create({ Name: "O'Brien & Söhne" });
  const changed = await accounts.update({ Id: made.id, Phone: '1' });
  const read = await accounts.retrieve(made.id);
  const removed = await accounts.destroy(made.id);
  return {
    made: made.success,
    changed: changed.success,
    read: [read.Name, read.Phone],
    removed: removed.success,
    gone: await failure(accounts.retrieve(made.id)),
    again: await failure(accounts.destroy(made.id)),
  };
}

async function upserts(conn) {
  const leads = conn.sobject('Lead');
  const lead = { LastName: 'Ada', Company: 'Acme', Hub_Lead_Key__c: 'key-ü' };
  const made = await leads.upsert(lead, 'Hub_Lead_Key__c');
  const again = await leads.upsert({ ...lead, Phone: '1' }, 'Hub_Lead_Key__c');
  const many = await leads.upsert(
    [
      { ...lead, Phone: '2' },
      { LastName: 'Bob', Company: 'Acme', Hub_Lead_Key__c: 'key-2' },
      { LastName: 'Eve', Hub_Lead_Key__c: 'key-3' },
    ],
    'Hub_Lead_Key__c',
  );
  return {
    created: [made.created, again.created],
    sameId: made.id === again.id && many[0].id === made.id,
    many: many.map((result) => [
      result.success,
      result.created ?? null,
      result.errors.map((error) => error.statusCode),
    ]),
    unknownKey: await failure(leads.upsert({ Nope__c: '1' }, 'Nope__c')),
  };
}

async function collections(conn) {
  const contacts = conn.sobject('Contact');
  const made = await contacts.create([{ LastName: 'Ada' }, { FirstName: 'No last name' }]);
  const changed = await contacts.update([
    { Id: made[0].id, Phone: '1' },
    { Id: made[0].id, Email: 'no address' },
  ]);
  const strict = await contacts.create([{ LastName: 'Bob' }, {}], { allOrNone: true });
  const read = await contacts.retrieve([made[0].id]);
  const summary = (results) =>
    results.map((r) => (r.success ? 'ok' : r.errors.map((e) => e.statusCode).join()));
  return {
    made: summary(made),
    changed: summary(changed),
    strict: summary(strict),
    message: made[1].errors[0].message,
    fields: made[1].errors[0].fields,
    phone: read[0].Phone,
    stored: (await conn.query('SELECT LastName FROM Contact')).records.map(plain),
  };
}

async function describing(conn) {
  const described = await conn.describe('Opportunity');
  const status = described.fields.find((f) => f.name === 'Partner_Registration_Status__c');
  const global = await conn.describeGlobal();
  const names = described.fields.map((f) => f.name);
  const [row] = (await conn.query(`SELECT ${names.join()} FROM Opportunity`)).records;
  return {
    objects: global.sobjects.map((sobject) => sobject.name),
    choices: status.picklistValues.length,
    restricted: status.restrictedPicklist,
    label: described.labelPlural,
    fields: names,
    selected: Object.keys(plain(row)),
  };
}

async function composite(conn) {
  const answer = await conn.requestPost('/composite', {
    allOrNone: true,
    compositeRequest: [
      {
        method: 'POST',
        url: '/services/data/v60.0/sobjects/Account',
        referenceId: 'account',
        body: { Name: 'Composite' },
      },
      {
        method: 'POST',
        url: '/services/data/v60.0/sobjects/Contact',
        referenceId: 'contact',
        body: { LastName: 'Composite', AccountId: '@{account.id}' },
      },
    ],
  });
  return answer.compositeResponse.map((part) => part.httpStatusCode);
}

async function bulk(conn) {
  const options = { pollInterval: 5, pollTimeout: 60000 };
  const stream = await conn.bulk2.query('SELECT Id, Name FROM Account', options);
  const accounts = await stream.toArray();
  const broken = await failure(conn.bulk2.query('SELECT Nope FROM Account', options));
  const loaded = await conn.bulk2.loadAndWaitForResults({
    object: 'Lead',
    operation: 'upsert',
    externalIdFieldName: 'Hub_Lead_Key__c',
    input: [
      { LastName: 'Zoë, "the first"', Company: 'Line\nbreak', Hub_Lead_Key__c: 'bulk-1' },
      { LastName: 'No company', Hub_Lead_Key__c: 'bulk-2' },
    ],
    ...options,
  });
  const [stored] = (
    await conn.query("SELECT LastName, Company FROM Lead WHERE Hub_Lead_Key__c = 'bulk-1'")
  ).records.map(plain);
  const inserted = await conn.bulk2.loadAndWaitForResults({
    object: 'Contact',
    operation: 'insert',
    input: [{ LastName: 'Bulk A' }, { LastName: 'Bulk B', Phone: '0' }],
    ...options,
  });
  const updated = await conn.bulk2.loadAndWaitForResults({
    object: 'Contact',
    operation: 'update',
    input: inserted.successfulResults.map((row) => ({ Id: row.sf__Id, Phone: `0 ${row.LastName}` })),
    ...options,
  });
  const contacts = await conn.bulk2.query(
    "SELECT LastName, Phone FROM Contact WHERE LastName LIKE 'Bulk %' ORDER BY LastName",
    options,
  );
  const removed = await conn.bulk2.loadAndWaitForResults({
    object: 'Lead',
    operation: 'delete',
    input: [{ Id: loaded.successfulResults[0].sf__Id }],
    ...options,
  });
  return {
    fetched: accounts.length,
    distinct: new Set(accounts.map((account) => account.Id)).size,
    fields: Object.keys(accounts[0]),
    broken,
    worked: loaded.successfulResults.map((row) => [row.sf__Created, row.Hub_Lead_Key__c]),
    failed: loaded.failedResults.map((row) => row.sf__Error),
    rest: loaded.unprocessedRecords.length,
    stored,
    inserted: inserted.successfulResults.map((row) => row.sf__Created),
    updated: [updated.successfulResults.length, updated.failedResults.length],
    contacts: (await contacts.toArray()).map(plain),
    removed: removed.successfulResults.length,
  };
}

async function soap() {
  const conn = new jsforce.Connection({ loginUrl: url, version: '60.0' });
  const user = await conn.login('integration@acme.example', 'demo-passworddemo-security-token');
  const total = (await conn.query('SELECT COUNT() FROM Lead')).totalSize;
  await conn.logout();
  // The SOAP error of jsforce carries no code of its own, only the fault string.
  const refused = await new jsforce.Connection({ loginUrl: url, version: '60.0' })
    .login('integration@acme.example', 'x')
    .catch((error) => error.message.split(':')[0]);
  return { user: user.id, total, refused };
}

async function refreshing() {
  const conn = new jsforce.Connection({
    oauth2,
    version: '60.0',
    instanceUrl: url,
    accessToken: 'expired long ago',
    refreshToken: process.env.REFRESH_TOKEN,
  });
  let refreshed = 0;
  conn.on('refresh', () => {
    refreshed += 1;
  });
  const total = (await conn.query('SELECT COUNT() FROM Lead')).totalSize;
  return { refreshed, total };
}

async function main() {
  const { conn, seen } = await signIn();
  const report = {
    signIn: seen,
    wrongSecret: await wrongSecret(),
    paging: await paging(conn),
    finding: await finding(conn),
    rows: await rows(conn),
    upserts: await upserts(conn),
    collections: await collections(conn),
    describing: await describing(conn),
    composite: await composite(conn),
    bulk: await bulk(conn),
    badField: await failure(conn.query('SELECT Nope FROM Account')),
    soap: await soap(),
    refreshing: await refreshing(),
    limits: (await conn.limits()).DailyApiRequests.Max,
    usage: conn.limitInfo.apiUsage.limit,
  };
  process.stdout.write(JSON.stringify(report));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
