package csv_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/examples/contoso"
	"github.com/usher-id/usher/source/csv"
)

var update = flag.Bool("update", false, "rewrite the golden files") //nolint:gochecknoglobals // flags are globals

// open writes files into a folder of the test and opens it.
func open(t *testing.T, known csv.Directory, files map[string]string) *csv.Source {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return openFolder(t, csv.Config{Folder: folder, Directory: known})
}

func openFolder(t *testing.T, config csv.Config) *csv.Source {
	t.Helper()
	s, err := csv.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// collect reads everything that a source reports.
func collect(t *testing.T, s *csv.Source) []directory.Delta {
	t.Helper()
	var deltas []directory.Delta
	for delta, err := range s.Deltas(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		deltas = append(deltas, delta)
	}
	return deltas
}

// lines returns the faults one a line.
func lines(faults csv.Faults) string {
	var b strings.Builder
	for _, fault := range faults {
		b.WriteString(fault.String() + "\n")
	}
	return b.String()
}

func TestAllFaultsAreInOneReport(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/faults/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d golden files, %v", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files, want := map[string]string{}, &txtar.File{}
			for i := range archive.Files {
				if archive.Files[i].Name == "want" {
					want = &archive.Files[i]
					continue
				}
				files[archive.Files[i].Name] = string(archive.Files[i].Data)
			}
			s := open(t, nil, files)
			faults, ok := errors.AsType[csv.Faults](s.Check(t.Context()))
			if !ok {
				t.Fatalf("Check found no faults")
			}
			if *update {
				want.Data = []byte(lines(faults))
				if err := os.WriteFile(name, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(want.Data), lines(faults)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			for delta, err := range s.Deltas(t.Context(), nil) {
				if err == nil {
					t.Fatalf("%v was reported in spite of the faults", delta)
				}
			}
		})
	}
}

const usersHeader = "id,userPrincipalName\n"

func TestBytesThatAreNoText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, users, want string
	}{
		{
			name: "a NUL byte", users: usersHeader + "1,zoë\x00@contoso.com\n",
			want: "users.csv:2:6: NUL byte\n",
		},
		{
			name: "Latin-1", users: usersHeader + "1,zo\xeb@contoso.com\n",
			want: "users.csv:2:5: byte 0xeb is not UTF-8; save the file as UTF-8\n",
		},
		{
			name: "UTF-16", users: "\xff\xfei\x00d\x00",
			want: "users.csv:1:1: the file is UTF-16; save it as UTF-8\n",
		},
		{
			name: "an endless line", users: usersHeader + "1," + strings.Repeat("x", 1<<21) + "\n2,b\n2,c\n",
			want: "users.csv:2: the line is longer than 1048576 bytes\nusers.csv:4:1: id \"2\" is on line 3 already\n",
		},
		{
			name: "an endless value", users: usersHeader + "1,\"" + strings.Repeat("x\n", 1<<16) + "2,b\n2,c\n2,d\n",
			want: "users.csv:2:3: the quotation mark is never closed\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			faults, ok := errors.AsType[csv.Faults](open(t, nil, map[string]string{"users.csv": tt.users}).Check(t.Context()))
			if got := lines(faults); !ok || !strings.HasPrefix(got, tt.want) {
				t.Errorf("faults:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestManyFaultsAreCapped(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(usersHeader)
	for i := range 20000 {
		fmt.Fprintf(&b, "%d,\n", i)
	}
	err := open(t, nil, map[string]string{"users.csv": b.String()}).Check(t.Context())
	faults, ok := errors.AsType[csv.Faults](err)
	if !ok || len(faults) != 10000 {
		t.Fatalf("%d faults, %v", len(faults), err)
	}
	if text := err.Error(); strings.Count(text, "\n") != 51 || !strings.HasSuffix(text, "and 9950 more") {
		t.Errorf("%s", text)
	}
}

func TestTheFormsOfAFile(t *testing.T) {
	t.Parallel()
	want := []directory.Delta{{Content: directory.User{
		ID: "1", UserPrincipalName: "zoe@contoso.com", DisplayName: "Zoë, \"Z\"", AccountEnabled: true,
		Attributes: attr.New("User", "1", map[string]attr.Value{"surname": attr.Text("Müller")}),
	}, Only: []string{"id", "userPrincipalName", "displayName", "surname", "mail"}}}
	const header, row = "id,userPrincipalName,displayName,surname,mail", `1,zoe@contoso.com,"Zoë, ""Z""",Müller,`
	tests := []struct {
		name, text string
	}{
		{name: "line feeds", text: header + "\n" + row + "\n"},
		{name: "carriage returns", text: header + "\r\n" + row + "\r\n"},
		{name: "a byte order mark", text: "\xef\xbb\xbf" + header + "\n" + row + "\n"},
		{name: "no end of the last line", text: header + "\n" + row},
		{name: "blank lines", text: "\n" + header + "\n\n" + row + "\n\n\n"},
		{name: "a quoted header", text: `"id","userPrincipalName",displayName,"surname",mail` + "\n" + row},
		{name: "spaces in the header", text: "id, userPrincipalName ,displayName, surname,mail\n" + row},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := collect(t, open(t, nil, map[string]string{"users.csv": tt.text}))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("deltas (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValuesHaveTheirKinds(t *testing.T) {
	t.Parallel()
	got := collect(t, open(t, nil, map[string]string{"users.csv": `accountEnabled,extension_0123456789abcdef0123456789abcdef_shoe,onPremisesSyncEnabled,otherMails,businessPhones,id,userPrincipalName,extensionAttribute7,streetAddress
False,42,TRUE,a@contoso.com; b@contoso.com;,;,1,ada@contoso.com,x,"1 Main Street
Back yard"
`}))
	want := []directory.Delta{{Content: directory.User{
		ID: "1", UserPrincipalName: "ada@contoso.com",
		Attributes: attr.New("User", "1", map[string]attr.Value{
			"extension_0123456789abcdef0123456789abcdef_shoe": attr.Text("42"),
			"extensionAttribute7":                             attr.Text("x"),
			"onPremisesSyncEnabled":                           attr.Bool(true),
			"otherMails":                                      attr.Texts("a@contoso.com", "b@contoso.com"),
			"streetAddress":                                   attr.Text("1 Main Street\nBack yard"),
		}),
	}, Only: []string{
		"accountEnabled", "extension_0123456789abcdef0123456789abcdef_shoe", "onPremisesSyncEnabled", "otherMails", "businessPhones", "id",
		"userPrincipalName", "extensionAttribute7", "streetAddress",
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deltas (-want +got):\n%s", diff)
	}
}

func TestReferencesBecomeIDs(t *testing.T) {
	t.Parallel()
	got := collect(t, open(t, nil, map[string]string{
		"users.csv":       "id,userPrincipalName,manager\nx-1,ada@contoso.com,CLEO@contoso.com\n00000000-0000-8000-8000-00000000000a,cleo@contoso.com,\n",
		"groups.csv":      "id,displayName,securityEnabled\nG1,Sales,false\nG2,All,\n",
		"members.csv":     "group,member\nsales,Ada@contoso.com\nAll,sales\nG2,x-1\n",
		"assignments.csv": "application,principalType,principal,role\nSalesforce,Group,Sales,Standard User\nSalesforce,User,cleo@contoso.com,\n",
	}))
	const cleo = "00000000-0000-8000-8000-00000000000a"
	ofUsers, ofGroups := []string{"id", "userPrincipalName", "manager"}, []string{"id", "displayName", "securityEnabled"}
	user := func(id, name, manager string) directory.User {
		return directory.User{
			ID: id, UserPrincipalName: name, AccountEnabled: true, ManagerID: manager, Attributes: attr.New("User", id, nil),
		}
	}
	want := []directory.Delta{
		{Content: user("x-1", "ada@contoso.com", cleo), Only: ofUsers},
		{Content: user(cleo, "cleo@contoso.com", ""), Only: ofUsers},
		{Content: directory.Group{ID: "G1", DisplayName: "Sales", Attributes: attr.New("Group", "G1", nil)}, Only: ofGroups},
		{Content: directory.Group{ID: "G2", DisplayName: "All", SecurityEnabled: true, Attributes: attr.New("Group", "G2", nil)}, Only: ofGroups},
		{Content: directory.Member{Group: "G1", Member: "x-1", Type: "User"}},
		{Content: directory.Member{Group: "G2", Member: "G1", Type: "Group"}},
		{Content: directory.Member{Group: "G2", Member: "x-1", Type: "User"}},
		{Content: directory.AssignmentRequest{Application: "Salesforce", PrincipalType: "Group", Principal: "G1", Role: "Standard User"}},
		{Content: directory.AssignmentRequest{Application: "Salesforce", PrincipalType: "User", Principal: cleo}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deltas (-want +got):\n%s", diff)
	}
}

// The sample company written as CSV and read again is the sample company.
func TestContosoComesThroughUnchanged(t *testing.T) {
	t.Parallel()
	company := contoso.Generate(contoso.Options{Users: 500, Seed: 5})
	folder := t.TempDir()
	if err := company.Write(folder); err != nil {
		t.Fatal(err)
	}
	got := collect(t, openFolder(t, csv.Config{Folder: folder}))
	i := 0
	for user := range company.Users() {
		read, ok := got[i].Content.(directory.User)
		if !ok || !read.Equal(user.Directory()) {
			t.Errorf("delta %d (-want +got):\n%s", i, cmp.Diff(user.Directory(), got[i].Content))
		}
		i++
	}
	members := len(slices.Collect(company.Members()))
	if want := i + len(company.Groups()) + members + len(company.Assignments()); len(got) != want {
		t.Errorf("%d deltas, want %d", len(got), want)
	}
}

// fewPeople is a directory of some people.
type fewPeople map[string]string

var errBroken = errors.New("the directory is broken")

func (p fewPeople) FindUser(_ context.Context, name string) (id string, found bool, err error) {
	if name == "broken" {
		return "", false, errBroken
	}
	id, found = p[name]
	return id, found, nil
}

func (p fewPeople) FindGroup(ctx context.Context, name string) (id string, found bool, err error) {
	return p.FindUser(ctx, name)
}

func TestTheDirectoryAnswersForWhoIsNotInTheFiles(t *testing.T) {
	t.Parallel()
	known := fewPeople{"boss@contoso.com": "u9", "Sales": "g9"}
	s := open(t, known, map[string]string{
		"users.csv":   "id,userPrincipalName,manager\n1,ada@contoso.com,boss@contoso.com\n2,bob@contoso.com,ada@contoso.com\n",
		"members.csv": "group,member\nSales,boss@contoso.com\n",
	})
	var got []string
	for _, delta := range collect(t, s) {
		switch content := delta.Content.(type) {
		case directory.User:
			got = append(got, content.ID+" reports to "+content.ManagerID)
		case directory.Member:
			got = append(got, content.Member+" is in "+content.Group)
		}
	}
	if diff := cmp.Diff([]string{"1 reports to u9", "2 reports to 1", "u9 is in g9"}, got); diff != "" {
		t.Errorf("deltas (-want +got):\n%s", diff)
	}
	if s.Describe().Complete {
		t.Errorf("a set that names others is not complete")
	}
}

func TestABrokenDirectoryIsAnErrorAndNoFault(t *testing.T) {
	t.Parallel()
	s := open(t, fewPeople{}, map[string]string{"users.csv": "id,userPrincipalName,manager\n1,ada@contoso.com,broken\n"})
	err := s.Check(t.Context())
	if _, ok := errors.AsType[csv.Faults](err); ok || !errors.Is(err, errBroken) {
		t.Errorf("error %v, want %v", err, errBroken)
	}
}

func TestASetWithoutUsersPassesNamesOn(t *testing.T) {
	t.Parallel()
	got := collect(t, open(t, nil, map[string]string{"members.csv": "group,member\nSales,ada@contoso.com\n"}))
	want := []directory.Delta{{Content: directory.Member{Group: "Sales", Member: "ada@contoso.com", Type: "User"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deltas (-want +got):\n%s", diff)
	}
}

func TestOnlyFilesBelowTheFolderAreRead(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(outside, []byte(usersHeader), 0o600); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(folder, "link.csv")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"link.csv", "../" + filepath.Base(filepath.Dir(outside)) + "/secret.csv", outside} {
		s := openFolder(t, csv.Config{Folder: folder, Files: csv.Files{Users: name}})
		if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "escapes") {
			t.Errorf("%s: error %v, want one that says that the path escapes the folder", name, err)
		}
	}
}

func TestOpenSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	tests := []struct {
		name, folder, want string
	}{
		{name: "no folder", folder: filepath.Join(empty, "nowhere"), want: "no such file"},
		{name: "no files", folder: empty, want: "none of users.csv, groups.csv, members.csv and assignments.csv"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := csv.Open(csv.Config{Folder: tt.folder}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// manyUsers makes a file too large for any buffer.
func manyUsers() string {
	var b strings.Builder
	b.WriteString(usersHeader)
	for i := range 20000 {
		fmt.Fprintf(&b, "%d,user%d@contoso.com\n", i, i)
	}
	return b.String()
}

func TestAFileThatChangesWhileItIsReadIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	name := filepath.Join(folder, "users.csv")
	if err := os.WriteFile(name, []byte(manyUsers()), 0o600); err != nil {
		t.Fatal(err)
	}
	var last error
	count := 0
	for _, err := range openFolder(t, csv.Config{Folder: folder}).Deltas(t.Context(), nil) {
		last = err
		if count++; count == 1 {
			if err := os.Truncate(name, 400000); err != nil {
				t.Fatal(err)
			}
		}
	}
	if last == nil || !strings.Contains(last.Error(), "changed while it was read") {
		t.Errorf("after %d deltas: error %v, want that the file was changed", count, last)
	}
}

func TestReadingCanBeStopped(t *testing.T) {
	t.Parallel()
	s := open(t, nil, map[string]string{"users.csv": manyUsers()})
	count := 0
	for _, err := range s.Deltas(t.Context(), nil) {
		if count++; err != nil || count == 3 {
			break
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Check(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the context was cancelled", err)
	}
}

func FuzzFilesNeverCrash(f *testing.F) {
	f.Add(usersHeader+"1,ada@contoso.com\n", "id,displayName\n1,Sales\n", "group,member\nSales,1\n", "application,principalType,principal\na,User,1\n")
	f.Add("id,userPrincipalName,manager\n1,a,1\n1,\"b", "id;displayName\n", "", "\xef\xbb\xbf\x00")
	f.Add("\xff\xfe", "id,displayName,id\n,,\n", "group,member\n\"\"\",x\n", "application\n\"")
	f.Fuzz(func(t *testing.T, users, groups, members, assignments string) {
		s := open(t, nil, map[string]string{
			"users.csv": users, "groups.csv": groups, "members.csv": members, "assignments.csv": assignments,
		})
		broken := s.Check(t.Context())
		for delta, err := range s.Deltas(t.Context(), nil) {
			if (err == nil) != (broken == nil) {
				t.Fatalf("Check says %v, Deltas says %v, %v", broken, delta, err)
			}
			if user, ok := delta.Content.(directory.User); ok && (user.ID == "" || user.UserPrincipalName == "") {
				t.Fatalf("user without a name: %+v", user)
			}
		}
	})
}

func BenchmarkDeltas(b *testing.B) {
	folder := b.TempDir()
	if err := contoso.Generate(contoso.Options{Users: 10000, Seed: 1}).Write(folder); err != nil {
		b.Fatal(err)
	}
	s, err := csv.Open(csv.Config{Folder: folder})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range s.Deltas(b.Context(), nil) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)*10000/b.Elapsed().Seconds(), "users/s")
}
