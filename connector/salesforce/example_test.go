package salesforce_test

import (
	"context"
	"fmt"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// One user is created, renamed and deactivated in a simulated org.
func Example() {
	org, err := salesforcetest.New(salesforcetest.Default())
	if err != nil {
		panic(err)
	}
	known := org.Credentials()
	c, err := salesforce.Template(salesforce.Options{}).Open(connector.Environment{
		Credentials: provisioning.Credentials{}.With("UserName", known.Username).With("Password", known.Password).With("SecretToken", known.SecurityToken),
		Transport:   org.Client().Transport,
	})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	created := plan.Change{Action: plan.Create}
	for name, value := range person("ann.lee@contoso.example").All() {
		created.Fields = append(created.Fields, plan.Field{Name: name, New: value})
	}
	id := c.Apply(ctx, []plan.Change{created})[0].TargetID
	account := plan.Identity{Type: "User", ID: id}
	c.Apply(ctx, []plan.Change{
		{Action: plan.Update, Target: account, Fields: []plan.Field{{Name: "LastName", New: attr.Text("Lima")}}},
	})
	c.Apply(ctx, []plan.Change{{Action: plan.Disable, Target: account}})
	query := connector.Query{Type: "User", Attribute: "Username", Values: []string{"ANN.LEE@contoso.example"}, Select: []string{"LastName", "IsActive", "ProfileName"}}
	for user, err := range c.Read(ctx, query) {
		fmt.Println(user, err)
	}
	fmt.Println(c.Usage().Calls, "calls")
	// Output:
	// IsActive=False LastName=Lima ProfileName=Standard User <nil>
	// 7 calls
}
