package msgraph

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	khttp "github.com/microsoft/kiota-http-go"
	kjson "github.com/microsoft/kiota-serialization-json-go"
	ktext "github.com/microsoft/kiota-serialization-text-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go-core/authentication"
	"github.com/microsoftgraph/msgraph-sdk-go/applications"
	"github.com/microsoftgraph/msgraph-sdk-go/applicationtemplates"
	"github.com/microsoftgraph/msgraph-sdk-go/auditlogs"
	"github.com/microsoftgraph/msgraph-sdk-go/groups"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"
	"github.com/microsoftgraph/msgraph-sdk-go/serviceprincipals"
	"github.com/microsoftgraph/msgraph-sdk-go/users"
)

// graph holds the SDK's request builders. The SDK's GraphServiceClient makes them
// the same way; it is left out because it would compile all of Graph.
type graph struct {
	adapter              abstractions.RequestAdapter
	users                *users.UsersRequestBuilder
	groups               *groups.GroupsRequestBuilder
	applications         *applications.ApplicationsRequestBuilder
	applicationTemplates *applicationtemplates.ApplicationTemplatesRequestBuilder
	servicePrincipals    *serviceprincipals.ServicePrincipalsRequestBuilder
	auditLogs            *auditlogs.AuditLogsRequestBuilder
}

// trusting returns a client that trusts the service's own certificate.
func (s service) trusting(t *testing.T) *http.Client {
	t.Helper()
	var pem []byte
	eventually(t, "the service writes its certificate to "+s.CA, func() bool {
		var err error
		pem, err = os.ReadFile(s.CA)
		return err == nil
	})
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("%s holds no certificate", s.CA)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
}

// connect signs in with azidentity and returns the SDK's builders.
func (s service) connect(t *testing.T) graph {
	t.Helper()
	web := s.trusting(t)
	eventually(t, "the service is ready", func() bool { return s.ready(web) })
	credential, err := azidentity.NewClientSecretCredential(s.TenantID, s.ClientID, s.Secret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions: azcore.ClientOptions{
			Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: s.URL},
			Transport: web,
		},
		DisableInstanceDiscovery: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(s.URL, "https://")
	host, _, _ = strings.Cut(host, ":")
	authenticated, err := authentication.NewAzureIdentityAuthenticationProviderWithScopesAndValidHosts(credential, []string{s.URL + "/.default"}, []string{host})
	if err != nil {
		t.Fatal(err)
	}
	options := core.GraphClientOptions{GraphServiceLibraryVersion: "1.89.0"}
	sdk := &http.Client{Transport: khttp.NewCustomTransportWithParentTransport(web.Transport, core.GetDefaultMiddlewaresWithOptions(&options)...)}
	base, err := core.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(authenticated, options, nil, nil, sdk)
	if err != nil {
		t.Fatal(err)
	}
	abstractions.RegisterDefaultSerializer(func() serialization.SerializationWriterFactory { return kjson.NewJsonSerializationWriterFactory() })
	abstractions.RegisterDefaultDeserializer(func() serialization.ParseNodeFactory { return kjson.NewJsonParseNodeFactory() })
	abstractions.RegisterDefaultDeserializer(func() serialization.ParseNodeFactory { return ktext.NewTextParseNodeFactory() })
	base.SetBaseUrl(s.URL + "/v1.0")
	parameters := func() map[string]string { return map[string]string{"baseurl": s.URL + "/v1.0"} }
	return graph{
		adapter:              base,
		users:                users.NewUsersRequestBuilderInternal(parameters(), base),
		groups:               groups.NewGroupsRequestBuilderInternal(parameters(), base),
		applications:         applications.NewApplicationsRequestBuilderInternal(parameters(), base),
		applicationTemplates: applicationtemplates.NewApplicationTemplatesRequestBuilderInternal(parameters(), base),
		servicePrincipals:    serviceprincipals.NewServicePrincipalsRequestBuilderInternal(parameters(), base),
		auditLogs:            auditlogs.NewAuditLogsRequestBuilderInternal(parameters(), base),
	}
}

// must ends the test when a request failed, with the code and message of Graph's
// error envelope.
func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		done(t, err)
		return value
	}
}

func done(t *testing.T, err error) {
	t.Helper()
	var refused *odataerrors.ODataError
	if errors.As(err, &refused) && refused.GetErrorEscaped() != nil {
		t.Fatalf("%d %s: %s", refused.ResponseStatusCode, text(refused.GetErrorEscaped().GetCode()), text(refused.GetErrorEscaped().GetMessage()))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// status is the HTTP status of an error, 0 for none.
func status(err error) int {
	var refused *odataerrors.ODataError
	if errors.As(err, &refused) {
		return refused.ResponseStatusCode
	}
	return 0
}

func text(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}

func to[T any](value T) *T { return &value }
