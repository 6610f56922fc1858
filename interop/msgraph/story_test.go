package msgraph

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/microsoftgraph/msgraph-sdk-go/applicationtemplates"
	"github.com/microsoftgraph/msgraph-sdk-go/auditlogs"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/serviceprincipals"
)

// TestStory goes through the life of an application with the SDK: from the gallery
// to the log, and away again.
func TestStory(t *testing.T) {
	s := startService(t)
	g := s.connect(t)
	principalID, applicationID := instantiate(t, g)
	principal := g.servicePrincipals.ByServicePrincipalId(principalID)
	signIn(t, principal, s.Org)
	jobID := createJob(t, principal)
	job := principal.Synchronization().Jobs().BySynchronizationJobId(jobID)
	changeSchema(t, job)
	evaluate(t, job)

	manager := createUser(t, g, "Nora", "Lind", "")
	member := createUser(t, g, "Ben", "Okafor", manager)
	groupID := createGroup(t, g, member)
	deltaLink := readDelta(t, g, "", 2)

	assign(t, g, principal, principalID, manager, groupID)
	done(t, job.Start().Post(t.Context(), nil))
	awaitCycle(t, job)
	checkLog(t, g, jobID, manager, member)

	provisionOnDemand(t, job, manager)
	department := models.NewUser()
	department.SetDepartment(to("Finance"))
	must[models.Userable](t)(g.users.ByUserId(member).Patch(t.Context(), department, nil))
	readDelta(t, g, deltaLink, 1)
	restart(t, job)

	done(t, job.Pause().Post(t.Context(), nil))
	done(t, job.Delete(t.Context(), nil))
	if _, err := job.Get(t.Context(), nil); status(err) != http.StatusNotFound {
		t.Errorf("the deleted job answers %v, want 404", err)
	}
	done(t, g.applications.ByApplicationId(applicationID).Delete(t.Context(), nil))
	if _, err := principal.Get(t.Context(), nil); status(err) != http.StatusNotFound {
		t.Errorf("the service principal of the deleted application answers %v, want 404", err)
	}
}

func instantiate(t *testing.T, g graph) (principalID, applicationID string) {
	t.Helper()
	templates := must[models.ApplicationTemplateCollectionResponseable](t)(g.applicationTemplates.Get(t.Context(),
		&applicationtemplates.ApplicationTemplatesRequestBuilderGetRequestConfiguration{
			QueryParameters: &applicationtemplates.ApplicationTemplatesRequestBuilderGetQueryParameters{Filter: to("displayName eq 'Salesforce'")},
		}))
	if len(templates.GetValue()) != 1 {
		t.Fatalf("%d templates are named Salesforce, want 1", len(templates.GetValue()))
	}
	body := applicationtemplates.NewItemInstantiatePostRequestBody()
	body.SetDisplayName(to("Salesforce of the SDK"))
	made := must[models.ApplicationServicePrincipalable](t)(g.applicationTemplates.
		ByApplicationTemplateId(text(templates.GetValue()[0].GetId())).Instantiate().Post(t.Context(), body, nil))
	if got := text(made.GetServicePrincipal().GetDisplayName()); got != "Salesforce of the SDK" {
		t.Errorf("the service principal is named %q", got)
	}
	return text(made.GetServicePrincipal().GetId()), text(made.GetApplication().GetId())
}

// signIn checks that wrong credentials are refused with the connector's code, and
// saves the right ones.
func signIn(t *testing.T, principal *serviceprincipals.ServicePrincipalItemRequestBuilder, target org) {
	t.Helper()
	validate := func(password string) error {
		body := serviceprincipals.NewItemSynchronizationJobsValidateCredentialsPostRequestBody()
		body.SetCredentials(credentials(target, password))
		body.SetUseSavedCredentials(to(false))
		body.SetTemplateId(to("salesforce"))
		return principal.Synchronization().Jobs().ValidateCredentials().Post(t.Context(), body, nil)
	}
	if err := validate("wrong"); status(err) != http.StatusBadRequest {
		t.Errorf("wrong credentials answer %v, want 400", err)
	}
	done(t, validate(target.Password))
	body := serviceprincipals.NewItemSynchronizationSecretsPutRequestBody()
	body.SetValue(credentials(target, target.Password))
	_, err := principal.Synchronization().Secrets().PutAsSecretsPutResponse(t.Context(), body, nil)
	done(t, err)
	if count := must[*int32](t)(principal.Synchronization().Secrets().Count().Get(t.Context(), nil)); *count != 4 {
		t.Errorf("%d secrets are kept, want the 4 that were put", *count)
	}
}

func credentials(target org, password string) []models.SynchronizationSecretKeyStringValuePairable {
	pair := func(key models.SynchronizationSecret, value string) models.SynchronizationSecretKeyStringValuePairable {
		result := models.NewSynchronizationSecretKeyStringValuePair()
		result.SetKey(&key)
		result.SetValue(&value)
		return result
	}
	return []models.SynchronizationSecretKeyStringValuePairable{
		pair(models.BASEADDRESS_SYNCHRONIZATIONSECRET, target.URL),
		pair(models.USERNAME_SYNCHRONIZATIONSECRET, target.Username),
		pair(models.PASSWORD_SYNCHRONIZATIONSECRET, password),
		pair(models.SECRETTOKEN_SYNCHRONIZATIONSECRET, target.SecurityToken),
	}
}

func createJob(t *testing.T, principal *serviceprincipals.ServicePrincipalItemRequestBuilder) string {
	t.Helper()
	templates := must[models.SynchronizationTemplateCollectionResponseable](t)(principal.Synchronization().Templates().Get(t.Context(), nil))
	if len(templates.GetValue()) == 0 {
		t.Fatal("the service principal has no synchronization template")
	}
	body := models.NewSynchronizationJob()
	body.SetTemplateId(templates.GetValue()[0].GetId())
	job := must[models.SynchronizationJobable](t)(principal.Synchronization().Jobs().Post(t.Context(), body, nil))
	if got := job.GetSchedule().GetState(); got == nil || *got != models.DISABLED_SYNCHRONIZATIONSCHEDULESTATE {
		t.Errorf("the new job's schedule is %v, want Disabled", got)
	}
	return text(job.GetId())
}

type jobBuilder = *serviceprincipals.ItemSynchronizationJobsSynchronizationJobItemRequestBuilder

// changeSchema gives the mapping of FirstName a constant, with the PATCH that the SDK
// offers.
func changeSchema(t *testing.T, job jobBuilder) {
	t.Helper()
	schema := must[models.SynchronizationSchemaable](t)(job.Schema().Get(t.Context(), nil))
	rules := schema.GetSynchronizationRules()
	mappings := rules[0].GetObjectMappings()[0].GetAttributeMappings()
	index := slices.IndexFunc(mappings, func(m models.AttributeMappingable) bool { return text(m.GetTargetAttributeName()) == "FirstName" })
	if index < 0 {
		t.Fatal("the schema has no mapping for FirstName")
	}
	source := models.NewAttributeMappingSource()
	source.SetTypeEscaped(to(models.CONSTANT_ATTRIBUTEMAPPINGSOURCETYPE))
	source.SetName(to("Colleague"))
	source.SetExpression(to(`"Colleague"`))
	mappings[index].SetSource(source)
	patch := models.NewSynchronizationSchema()
	patch.SetDirectories(schema.GetDirectories())
	patch.SetSynchronizationRules(rules)
	_, err := job.Schema().Patch(t.Context(), patch, nil)
	done(t, err)

	changed := must[models.SynchronizationSchemaable](t)(job.Schema().Get(t.Context(), nil))
	got := changed.GetSynchronizationRules()[0].GetObjectMappings()[0].GetAttributeMappings()
	if len(got) != len(mappings) || text(got[index].GetSource().GetName()) != "Colleague" {
		t.Errorf("after PATCH there are %d mappings (want %d), and FirstName comes from %q", len(got), len(mappings), text(got[index].GetSource().GetName()))
	}
}

// evaluate lets the service parse an expression and names its functions and
// operators.
func evaluate(t *testing.T, job jobBuilder) {
	t.Helper()
	body := serviceprincipals.NewItemSynchronizationJobsItemSchemaParseExpressionPostRequestBody()
	body.SetExpression(to(`Append("a", "b")`))
	answer := must[models.ParseExpressionResponseable](t)(job.Schema().ParseExpression().Post(t.Context(), body, nil))
	if got := answer.GetEvaluationResult(); !slices.Equal(got, []string{"ab"}) {
		t.Errorf("Append gives %q", got)
	}
	functions := must[serviceprincipals.ItemSynchronizationJobsItemSchemaFunctionsGetResponseable](t)(job.Schema().Functions().GetAsFunctionsGetResponse(t.Context(), nil))
	operators := must[serviceprincipals.ItemSynchronizationJobsItemSchemaFilterOperatorsGetResponseable](t)(job.Schema().FilterOperators().GetAsFilterOperatorsGetResponse(t.Context(), nil))
	if len(functions.GetValue()) < 43 || len(operators.GetValue()) < 8 {
		t.Errorf("there are %d functions and %d operators", len(functions.GetValue()), len(operators.GetValue()))
	}
}

func createUser(t *testing.T, g graph, given, surname, managerID string) string {
	t.Helper()
	name := strings.ToLower(given + "." + surname)
	user := models.NewUser()
	user.SetAccountEnabled(to(true))
	user.SetDisplayName(to(given + " " + surname))
	user.SetGivenName(&given)
	user.SetSurname(&surname)
	user.SetMailNickname(to(strings.ToLower(given)))
	user.SetMail(to(name + "@contoso.example"))
	user.SetUserPrincipalName(to(name + "@contoso.example"))
	profile := models.NewPasswordProfile()
	profile.SetPassword(to("Not-kept-1"))
	user.SetPasswordProfile(profile)
	id := text(must[models.Userable](t)(g.users.Post(t.Context(), user, nil)).GetId())
	if managerID != "" {
		reference := models.NewReferenceUpdate()
		reference.SetOdataId(to("https://graph.microsoft.com/v1.0/users/" + managerID))
		done(t, g.users.ByUserId(id).Manager().Ref().Put(t.Context(), reference, nil))
		if got := must[models.DirectoryObjectable](t)(g.users.ByUserId(id).Manager().Get(t.Context(), nil)); text(got.GetId()) != managerID {
			t.Errorf("the manager is %q, want %q", text(got.GetId()), managerID)
		}
	}
	return id
}

func createGroup(t *testing.T, g graph, memberID string) string {
	t.Helper()
	group := models.NewGroup()
	group.SetDisplayName(to("Sales"))
	group.SetMailEnabled(to(false))
	group.SetMailNickname(to("sales"))
	group.SetSecurityEnabled(to(true))
	id := text(must[models.Groupable](t)(g.groups.Post(t.Context(), group, nil)).GetId())
	reference := models.NewReferenceCreate()
	reference.SetOdataId(to("https://graph.microsoft.com/v1.0/directoryObjects/" + memberID))
	done(t, g.groups.ByGroupId(id).Members().Ref().Post(t.Context(), reference, nil))
	if err := g.groups.ByGroupId(id).Members().Ref().Post(t.Context(), reference, nil); status(err) != http.StatusBadRequest {
		t.Errorf("the same member again answers %v, want 400", err)
	}
	members := must[models.DirectoryObjectCollectionResponseable](t)(g.groups.ByGroupId(id).Members().Get(t.Context(), nil))
	if len(members.GetValue()) != 1 {
		t.Fatalf("the group has %d members, want 1", len(members.GetValue()))
	}
	if _, isUser := members.GetValue()[0].(models.Userable); !isUser {
		t.Errorf("the member is a %T, want a user", members.GetValue()[0])
	}
	return id
}

// assign gives the manager a role in person and the group's members another one.
func assign(t *testing.T, g graph, principal *serviceprincipals.ServicePrincipalItemRequestBuilder, principalID, userID, groupID string) {
	t.Helper()
	var roles []models.AppRoleable
	eventually(t, "the profiles are imported as app roles", func() bool {
		roles = must[models.ServicePrincipalable](t)(principal.Get(t.Context(), nil)).GetAppRoles()
		return slices.ContainsFunc(roles, func(r models.AppRoleable) bool { return text(r.GetDisplayName()) == "Standard User" })
	})
	role := roles[slices.IndexFunc(roles, func(r models.AppRoleable) bool { return text(r.GetDisplayName()) == "Standard User" })]
	for _, id := range []string{userID, groupID} {
		assignment := models.NewAppRoleAssignment()
		assignment.SetPrincipalId(to(uuid.MustParse(id)))
		assignment.SetResourceId(to(uuid.MustParse(principalID)))
		assignment.SetAppRoleId(role.GetId())
		made := must[models.AppRoleAssignmentable](t)(principal.AppRoleAssignedTo().Post(t.Context(), assignment, nil))
		again := must[models.AppRoleAssignmentable](t)(principal.AppRoleAssignedTo().ByAppRoleAssignmentId(text(made.GetId())).Get(t.Context(), nil))
		if *again.GetPrincipalId() != uuid.MustParse(id) || *again.GetAppRoleId() != *role.GetId() {
			t.Errorf("the assignment reads back as %v to %v", again.GetPrincipalId(), again.GetAppRoleId())
		}
	}
}

func awaitCycle(t *testing.T, job jobBuilder) {
	t.Helper()
	eventually(t, "the first cycle ends", func() bool {
		status := must[models.SynchronizationJobable](t)(job.Get(t.Context(), nil)).GetStatus()
		last := status.GetLastSuccessfulExecution()
		return last != nil && last.GetState() != nil && *last.GetState() == models.SUCCEEDED_SYNCHRONIZATIONTASKEXECUTIONRESULT &&
			status.GetSteadyStateFirstAchievedTime() != nil
	})
}

func checkLog(t *testing.T, g graph, jobID string, userIDs ...string) {
	t.Helper()
	entries := must[models.ProvisioningObjectSummaryCollectionResponseable](t)(g.auditLogs.Provisioning().Get(t.Context(),
		&auditlogs.ProvisioningRequestBuilderGetRequestConfiguration{
			QueryParameters: &auditlogs.ProvisioningRequestBuilderGetQueryParameters{Filter: to("jobId eq '" + jobID + "'")},
		}))
	created := make(map[string]bool)
	for _, entry := range entries.GetValue() {
		if action := entry.GetProvisioningAction(); action != nil && *action == models.CREATE_PROVISIONINGACTION {
			info := entry.GetProvisioningStatusInfo()
			if info == nil || info.GetStatus() == nil || *info.GetStatus() != models.SUCCESS_PROVISIONINGRESULT {
				t.Errorf("a creation is logged with the status %v", info)
			}
			created[text(entry.GetSourceIdentity().GetId())] = true
		}
	}
	for _, id := range userIDs {
		if !created[id] {
			t.Errorf("the log shows no creation for the user %s", id)
		}
	}
}

func provisionOnDemand(t *testing.T, job jobBuilder, userID string) {
	t.Helper()
	schema := must[models.SynchronizationSchemaable](t)(job.Schema().Get(t.Context(), nil))
	subject := models.NewSynchronizationJobSubject()
	subject.SetObjectId(&userID)
	subject.SetObjectTypeName(to("User"))
	parameters := models.NewSynchronizationJobApplicationParameters()
	parameters.SetRuleId(schema.GetSynchronizationRules()[0].GetId())
	parameters.SetSubjects([]models.SynchronizationJobSubjectable{subject})
	body := serviceprincipals.NewItemSynchronizationJobsItemProvisionOnDemandPostRequestBody()
	body.SetParameters([]models.SynchronizationJobApplicationParametersable{parameters})
	answer := must[models.StringKeyStringValuePairable](t)(job.ProvisionOnDemand().Post(t.Context(), body, nil))
	if !strings.Contains(text(answer.GetKey()), `"result":`) || !strings.Contains(text(answer.GetValue()), `"provisioningSteps":`) {
		t.Errorf("on demand answers %q and %q", text(answer.GetKey()), text(answer.GetValue()))
	}
}

func restart(t *testing.T, job jobBuilder) {
	t.Helper()
	criteria := models.NewSynchronizationJobRestartCriteria()
	scope := models.SynchronizationJobRestartScope(models.WATERMARK_SYNCHRONIZATIONJOBRESTARTSCOPE | models.ESCROWS_SYNCHRONIZATIONJOBRESTARTSCOPE)
	criteria.SetResetScope(&scope)
	body := serviceprincipals.NewItemSynchronizationJobsItemRestartPostRequestBody()
	body.SetCriteria(criteria)
	done(t, job.Restart().Post(t.Context(), body, nil))
}

// readDelta follows the delta of users to its end, from the start or from a link,
// and returns the link to go on from.
func readDelta(t *testing.T, g graph, from string, want int) string {
	t.Helper()
	builder := g.users.Delta()
	if from != "" {
		builder = builder.WithUrl(from)
	}
	got := 0
	for {
		page, err := builder.GetAsDeltaGetResponse(t.Context(), nil)
		done(t, err)
		got += len(page.GetValue())
		if page.GetOdataNextLink() == nil {
			if got != want {
				t.Errorf("the delta has %d users, want %d", got, want)
			}
			return text(page.GetOdataDeltaLink())
		}
		builder = builder.WithUrl(text(page.GetOdataNextLink()))
	}
}
