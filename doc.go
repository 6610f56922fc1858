// Package usher is the map of the module; it holds no code.
//
// Usher keeps people's accounts in applications right. It knows who exists (a
// directory of users and groups) and who may use which application in which role
// (assignments). It creates, updates, disables and re-enables the accounts in
// those applications, each through its own API, and can explain every single
// thing that it did or did not do.
//
// # The tree is the pipeline
//
// A change travels through the root folders in this order:
//
//	directory.Delta -> scope -> mapping -> match -> plan -> connector -> journal
//
//	attr          Object, Value, Ref: the bag of attributes that every side speaks
//	expr          the expression language of attribute mappings
//	nearest       the known name that somebody meant who misspelled it
//	scim          SCIM 2.0 wire types, shared by the side that serves and the side that calls
//	directory     users, groups, applications, app roles, assignments, and what changed in them
//	scope         who is in scope of an application, and why
//	mapping       the synchronization schema, and from it the object that the target should hold
//	provisioning  what an administrator sets up and sees: job, schedule, status, quarantine
//	plan          comparison of desired and current into a Change; pure
//	journal       the provisioning log and the audit log
//	source        what feeds the directory: csv and others below it
//	connector     what writes to an application: salesforce and others below it
//	engine        the cycle that drives all of the above
//	internal      the store, the queue, the API, the portal
//	cmd/usher     the command, the only place where concrete things meet
//	examples      a sample company in CSV and its generator
//	interop       clients that others wrote, each a module of its own
//
// Every stage takes a value and returns a value. Desired and current state are
// both an attr.Object, so planning is a comparison and never a translation; one
// plan.Change is the dry run, the result on demand, the entry of the provisioning
// log and the golden file.
//
// # Who may import whom
//
// Imports point one way, from the outside to the inside:
//
//	0  attr  expr  nearest  scim
//	1  directory  scope  mapping  provisioning
//	2  plan  journal  source  connector
//	3  engine
//	4  source/...  connector/...  internal/...   adapters, which never import one another
//	5  cmd/...
//
// The test in imports_test.go reads the imports of every file and fails on one
// that points the other way. Run it with -v to see the map as it is:
//
//	go test -v -run TestPackageMap .
//
// # Words
//
// One word has one meaning, in the code, the API, the portal and the documents.
//
//	directory    users, groups, memberships, managers, applications, app roles and
//	             assignments that Usher holds
//	source       something that feeds the directory: CSV files, Microsoft Entra ID,
//	             LDAP, a SCIM client that pushes, the API itself
//	application  one instance made from a template of the gallery
//	template     a kind of application: Salesforce, Salesforce Sandbox, SCIM
//	app role     a role of an application that a user or group can be assigned to;
//	             for Salesforce the profiles of the org
//	assignment   a user or group, an application, and an app role
//	job          the synchronization job of an application: credentials, schema,
//	             schedule, status
//	task         a unit of work of the background queue
//	operation    an administrator's act that takes long and runs in the background
//	schema       the synchronization schema: synchronization rules, object mappings,
//	             attribute mappings, scoping filters
//	cycle        one run of a job: initial (everything) or incremental (what changed)
//	delta        what changed in the directory
//	change       what Usher intends to do, and then did, to one object in the target
//	connection   the link between an object of the source and one of the target
//	escrow       a failed change that is kept and tried again
//	quarantine   the state of a job that fails as a whole
//	journal      the provisioning log: what Usher did to the accounts
//	audit        the log of what administrators did in Usher
package usher
