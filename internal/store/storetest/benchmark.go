package storetest

import (
	"fmt"
	"iter"
	"strconv"
	"testing"

	"github.com/google/uuid"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// page is how many users a cycle looks at together.
const page = 200

// Benchmark measures what the speed of a cycle depends on, in directories of 1,000
// and of 100,000 users. Each of them reports users a second.
func Benchmark(b *testing.B, open func(b *testing.B) store.Store) {
	b.Helper()
	for _, users := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("Users=%d", users), func(b *testing.B) {
			c := newCompany(b, open(b), users)
			b.Run("Subjects", c.subjects)
			b.Run("CollectInitial", c.collectInitial)
			b.Run("CollectIncremental", c.collectIncremental)
			b.Run("Commit", c.commit)
		})
	}
	b.Run("Import", func(b *testing.B) { benchmarkImport(b, open) })
	b.Run("ImportLinks", func(b *testing.B) { benchmarkLinks(b, open) })
}

// company is a store with so many users, all assigned through one of twelve groups,
// half of them connected.
type company struct {
	store.Store
	ids []string
	job string
}

func companyID(n int) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "user %d", n)).String()
}

// employee returns a user with as many attributes as most have.
func employee(n int, city string) directory.User {
	id := companyID(n)
	builder := attr.NewBuilder("User", id, 20)
	for name, value := range map[string]string{
		"businessPhones": "", "city": city, "companyName": "Contoso", "country": "Austria", "department": "Sales",
		"employeeId": strconv.Itoa(100_000 + n), "employeeType": "Employee", "givenName": "Zoë", "jobTitle": "Account Executive",
		"mail": fmt.Sprintf("user%d@contoso.com", n), "mailNickname": fmt.Sprintf("user%d", n), "mobilePhone": "+43 1 234567",
		"officeLocation": "Building 7", "postalCode": "8010", "preferredLanguage": "de-AT", "state": "Styria",
		"streetAddress": "Hauptplatz 1", "surname": fmt.Sprintf("Müller%d", n), "usageLocation": "AT", "userType": "Member",
	} {
		builder.Set(name, attr.Text(value))
	}
	builder.Set("businessPhones", attr.Texts("+43 1 1234567"))
	user := directory.User{
		ID: id, UserPrincipalName: fmt.Sprintf("user%d@contoso.com", n), DisplayName: fmt.Sprintf("Zoë Müller%d", n), AccountEnabled: true,
		Attributes: builder.Object(),
	}
	if n > 0 {
		user.ManagerID = companyID(n / 10)
	}
	return user
}

func employees(count int, city string) iter.Seq2[directory.Delta, error] {
	return func(yield func(directory.Delta, error) bool) {
		for n := range count {
			if !yield(directory.Delta{Content: employee(n, city)}, nil) {
				return
			}
		}
	}
}

func newCompany(b *testing.B, opened store.Store, users int) *company {
	b.Helper()
	app, job := application("Salesforce")
	c := &company{Store: opened, job: job.ID}
	check(b, c.AddApplication(b.Context(), app, job, mapping.Schema{}))
	_, err := c.Import(b.Context(), staff(users, 12), false)
	check(b, err)
	for g := range 12 {
		_, err := c.Assign(b.Context(), directory.AssignmentRequest{Application: app.ID, PrincipalType: "Group", Principal: fmt.Sprintf("group-%02d", g)})
		check(b, err)
	}
	c.ids = c.all(b, engine.Collection{JobID: c.job, Kind: provisioning.Initial, Limit: page})
	if len(c.ids) != users {
		b.Fatalf("%d users are assigned, want %d", len(c.ids), users)
	}
	begun, err := c.Engine().Begin(b.Context(), c.job)
	check(b, err)
	for first := 0; first < users/2; first += page {
		check(b, c.Engine().Commit(b.Context(), engine.Cycle{JobID: c.job, Fence: begun.Fence},
			batch(c.ids[first:first+min(page, users/2-first)])))
	}
	return c
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// all collects all pages.
func (c *company) all(b *testing.B, collection engine.Collection) []string {
	b.Helper()
	var ids []string
	for {
		found, err := c.Engine().Collect(b.Context(), collection)
		check(b, err)
		ids = append(ids, found...)
		if len(found) < collection.Limit {
			return ids
		}
		collection.After = found[len(found)-1]
	}
}

// perSecond reports how many users a second were worked on, count at a time.
func perSecond(b *testing.B, count int) {
	b.Helper()
	b.ReportMetric(float64(count)*float64(b.N)/b.Elapsed().Seconds(), "users/s")
}

func (c *company) subjects(b *testing.B) {
	b.ReportAllocs()
	for first := 0; b.Loop(); first = (first + page) % len(c.ids) {
		subjects, err := c.Engine().Subjects(b.Context(), c.job, c.ids[first:first+page])
		check(b, err)
		if subjects[page-1].User.Attributes.Len() == 0 || len(subjects[page-1].Grants) != 1 {
			b.Fatalf("subject %+v", subjects[page-1])
		}
	}
	perSecond(b, page)
}

func (c *company) collectInitial(b *testing.B) {
	for b.Loop() {
		if got := len(c.all(b, engine.Collection{JobID: c.job, Kind: provisioning.Initial, Limit: page})); got != len(c.ids) {
			b.Fatalf("collected %d users, want %d", got, len(c.ids))
		}
	}
	perSecond(b, len(c.ids))
}

// collectIncremental collects 100 changes, twice as a cycle does.
func (c *company) collectIncremental(b *testing.B) {
	const changes = 100
	since, err := c.Engine().Head(b.Context())
	check(b, err)
	for n := range changes {
		check(b, c.PutUser(b.Context(), employee(n, fmt.Sprintf("city %d", since))))
	}
	for b.Loop() {
		until, err := c.Engine().Head(b.Context())
		check(b, err)
		collection := engine.Collection{JobID: c.job, Kind: provisioning.Incremental, Since: since, Until: until, Limit: page}
		if got := len(c.all(b, collection)); got != changes {
			b.Fatalf("collected %d users, want %d", got, changes)
		}
		collection.Connected = true
		c.all(b, collection)
	}
}

// batch returns what a cycle commits after it created accounts.
func batch(ids []string) engine.Commit {
	var commit engine.Commit
	for _, id := range ids {
		commit.Connections = append(commit.Connections, connection(id, true))
		commit.Entries = append(commit.Entries, journal.Entry{Change: creation(id)})
	}
	return commit
}

// creation returns a change of about 1.5 KB of JSON.
func creation(id string) plan.Change {
	change := plan.Change{
		ID: id, Action: plan.Create, Status: plan.Success,
		Source: plan.Identity{Type: "User", ID: id, Name: id + "@contoso.com"},
		Target: plan.Identity{Type: "User", ID: "target-" + id, Name: id + "@contoso.com"},
	}
	for n := range 12 {
		change.Fields = append(change.Fields, plan.Field{Name: fmt.Sprintf("Attribute%d", n), New: attr.Text("a value of this attribute")})
	}
	for _, step := range []plan.StepType{plan.ImportStep, plan.ScopingStep, plan.MatchingStep, plan.ExportStep} {
		change.Steps = append(change.Steps, plan.Step{
			Name: "EntryStep", Type: step, Status: plan.Success, Description: "What was done in this step, in one sentence for administrators.",
		})
	}
	return change
}

func (c *company) commit(b *testing.B) {
	begun, err := c.Engine().Begin(b.Context(), c.job)
	check(b, err)
	number := 0
	b.ReportAllocs()
	for b.Loop() {
		// A cycle goes through its users in the order of their ids.
		ids := make([]string, page)
		for i := range ids {
			ids[i] = fmt.Sprintf("%08x-0000-4000-8000-%012x", 1000*number, number)
			number++
		}
		check(b, c.Engine().Commit(b.Context(), engine.Cycle{JobID: c.job, Fence: begun.Fence}, batch(ids)))
	}
	perSecond(b, page)
}

func benchmarkImport(b *testing.B, open func(b *testing.B) store.Store) {
	b.Helper()
	const users = 20_000
	for _, c := range []struct {
		name    string
		replace bool
	}{{"Add", false}, {"Replace", true}} {
		b.Run(c.name, func(b *testing.B) {
			opened := open(b)
			for number := 0; b.Loop(); number++ {
				_, err := opened.Import(b.Context(), employees(users, fmt.Sprintf("city %d", number)), c.replace)
				check(b, err)
			}
			perSecond(b, users)
		})
	}
	b.Run("Unchanged", func(b *testing.B) {
		opened := open(b)
		_, err := opened.Import(b.Context(), employees(users, "Graz"), true)
		check(b, err)
		for b.Loop() {
			_, err := opened.Import(b.Context(), employees(users, "Graz"), true)
			check(b, err)
		}
		perSecond(b, users)
	})
}

// benchmarkLinks measures imports of memberships: a whole directory into an empty store,
// and people who move from one group to another.
func benchmarkLinks(b *testing.B, open func(b *testing.B) store.Store) {
	b.Helper()
	const users, groups = 20_000, 12
	b.Run("Directory", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			opened := open(b)
			b.StartTimer()
			_, err := opened.Import(b.Context(), staff(users, groups), false)
			check(b, err)
		}
		perSecond(b, users)
	})
	b.Run("Moves", func(b *testing.B) {
		opened := open(b)
		_, err := opened.Import(b.Context(), staff(users, groups), false)
		check(b, err)
		for turn := 0; b.Loop(); turn++ {
			_, err := opened.Import(b.Context(), moves(users/10, groups, turn), false)
			check(b, err)
		}
		perSecond(b, users/10)
	})
	b.Run("Changes", func(b *testing.B) {
		opened := open(b)
		_, err := opened.Import(b.Context(), staff(users, groups), true)
		check(b, err)
		for turn := 0; b.Loop(); turn++ {
			_, err := opened.Import(b.Context(), changedStaff(users, groups, turn+1), true)
			check(b, err)
		}
		perSecond(b, users)
	})
}

// changedStaff is the whole staff, of whom two in a hundred have moved to another city
// and another group.
func changedStaff(users, groups, turn int) iter.Seq2[directory.Delta, error] {
	chosen := func(id string) bool { return (int(id[0])+7*int(id[1])+13*int(id[2]))%50 == turn%50 }
	return func(yield func(directory.Delta, error) bool) {
		for delta, err := range staff(users, groups) {
			switch content := delta.Content.(type) {
			case directory.User:
				if chosen(content.ID) {
					content.Attributes = content.Attributes.With("city", attr.Text(fmt.Sprint("city ", turn)))
				}
				delta.Content = content
			case directory.Member:
				if chosen(content.Member) {
					content.Group = "group-00"
				}
				delta.Content = content
			}
			if !yield(delta, err) {
				return
			}
		}
	}
}

// staff are employees, each a member of one of the groups.
func staff(users, groups int) iter.Seq2[directory.Delta, error] {
	return func(yield func(directory.Delta, error) bool) {
		for delta, err := range employees(users, "Graz") {
			if !yield(delta, err) {
				return
			}
		}
		for g := range groups {
			if !yield(directory.Delta{Content: group(fmt.Sprintf("group-%02d", g))}, nil) {
				return
			}
		}
		for n := range users {
			if !yield(directory.Delta{Content: membership(n, groups)}, nil) {
				return
			}
		}
	}
}

// membership puts an employee into a group.
func membership(n, groups int) directory.Member {
	return directory.Member{Group: fmt.Sprintf("group-%02d", n%groups), Member: companyID(n), Type: "User"}
}

// moves has some of the staff leave their group for the next one.
func moves(users, groups, turn int) iter.Seq2[directory.Delta, error] {
	return func(yield func(directory.Delta, error) bool) {
		for shift, operation := range []directory.Operation{directory.Remove, directory.Put} {
			for n := range users {
				member := membership(n, groups)
				member.Group = fmt.Sprintf("group-%02d", (n+turn+shift)%groups)
				if !yield(directory.Delta{Operation: operation, Content: member}, nil) {
					return
				}
			}
		}
	}
}
