package csv

import (
	stdcsv "encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// scanAll returns the rows of a text, and whether there was a fault in it.
func scanAll(t interface{ Fatal(...any) }, text string) (rows [][]string, fault bool) {
	scan := newScanner(strings.NewReader(text), func(int, int, string, ...any) { fault = true })
	var cells []cell
	for {
		var err error
		cells, _, err = scan.row(cells)
		if errors.Is(err, io.EOF) {
			return rows, fault
		}
		if err != nil {
			t.Fatal(err)
		}
		var row []string
		for _, c := range cells {
			row = append(row, c.text)
		}
		rows = append(rows, row)
	}
}

// FuzzScannerAgreesWithEncodingCSV compares with the standard library's reader: the
// scanner accepts nothing that it refuses, and reads the same from what both accept.
func FuzzScannerAgreesWithEncodingCSV(f *testing.F) {
	for _, seed := range []string{
		"a,b\n1,2\n", "a,\"b\nc\"\r\n", "\"\"\"\",\n\n,", "a\"b,c\n", "\"a\"b\n", "\"a", "a\r", "\"a\r\nb\"\r\n", "\xef\xbb\xbfa", "\"a\r",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, fault := scanAll(t, text)
		if fault {
			return
		}
		reader := stdcsv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\xef\xbb\xbf")))
		reader.FieldsPerRecord = -1
		want, err := reader.ReadAll()
		if err != nil {
			t.Fatalf("%q is accepted; encoding/csv says %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-encoding/csv +ours):\n%s", text, diff)
		}
	})
}

func TestWhatEncodingCSVWritesIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringOf(rapid.SampledFrom([]rune{'a', 'ë', ',', '"', '\n', ';', ' ', '日'}))
		rows := rapid.SliceOfN(rapid.SliceOfN(value, 2, 4), 1, 5).Draw(t, "rows")
		var b strings.Builder
		writer := stdcsv.NewWriter(&b)
		writer.UseCRLF = rapid.Bool().Draw(t, "carriage returns")
		if err := writer.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		got, fault := scanAll(t, b.String())
		if diff := cmp.Diff(rows, got); diff != "" || fault {
			t.Errorf("%q, fault %v (-written +read):\n%s", b.String(), fault, diff)
		}
	})
}

func TestColumnsCountCharacters(t *testing.T) {
	t.Parallel()
	scan := newScanner(strings.NewReader("Zoë,\"ß\nq\",x,\"\"\"\",y"), func(line, column int, format string, args ...any) {
		t.Errorf("%d:%d: %s %v", line, column, format, args)
	})
	cells, whole, err := scan.row(nil)
	if err != nil || !whole {
		t.Fatal(whole, err)
	}
	want := []cell{{"Zoë", 1, 1}, {"ß\nq", 1, 5}, {"x", 2, 4}, {`"`, 2, 6}, {"y", 2, 11}}
	if diff := cmp.Diff(want, cells, cmp.AllowUnexported(cell{})); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
}

func TestPackedGUIDsComeBack(t *testing.T) {
	t.Parallel()
	tests := []struct {
		id   string
		want bool
	}{
		{"2d2ec102-2901-82d5-8684-7415168e0e3c", true},
		{"2D2EC102-2901-82D5-8684-7415168E0E3C", false},
		{"2d2ec102-2901-82d5-8684-7415168e0e3x", false},
		{"2d2ec102-290182d5-86840-7415168e0e3c", false},
		{"", false},
	}
	for _, tt := range tests {
		packed, ok := packGUID(tt.id)
		if ok != tt.want || ok && unpackGUID(packed) != tt.id {
			t.Errorf("%q: ok = %v, back as %q", tt.id, ok, unpackGUID(packed))
		}
	}
}

func TestNearestColumn(t *testing.T) {
	t.Parallel()
	tests := []struct{ written, want string }{
		{"UserPrincipalName", "userPrincipalName"},
		{"jobTitel", "jobTitle"},
		{"e-mail", "mail"},
		{"departmnt", "department"},
		{"shoeSize", ""},
	}
	for _, tt := range tests {
		if got := usersLayout().nearest(tt.written); got != tt.want {
			t.Errorf("nearest(%q) = %q, want %q", tt.written, got, tt.want)
		}
	}
}
