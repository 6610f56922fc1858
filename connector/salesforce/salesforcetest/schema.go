package salesforcetest

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

//go:embed schema.txt
var schemaText string

// fieldType is the type of a field in the words of describe.
type fieldType string

const (
	typeID        fieldType = "id"
	typeString    fieldType = "string"
	typeTextArea  fieldType = "textarea"
	typeEmail     fieldType = "email"
	typePhone     fieldType = "phone"
	typeURL       fieldType = "url"
	typePicklist  fieldType = "picklist"
	typeBoolean   fieldType = "boolean"
	typeInteger   fieldType = "int"
	typeDouble    fieldType = "double"
	typeDate      fieldType = "date"
	typeDateTime  fieldType = "datetime"
	typeReference fieldType = "reference"
)

// field describes one field of an object.
type field struct {
	number       int
	name         string
	label        string
	kind         fieldType
	length       int
	referenceTo  []string
	relationship string // parent relationship
	children     string // child relationship of the parent
	list         []string
	defaultValue string

	required, filled, unique, cased, externalID, lookup, indexed, shared bool
	createable, updateable, computed, unrestricted, custom               bool
	// coded fields have a restricted list that rules of their own look after.
	coded bool
}

// nillable tells whether the field may be empty.
func (f *field) nillable() bool { return !f.required && !f.filled && f.kind != typeBoolean }

// findsRecords tells whether an upsert can match by the field: the Id, external
// ids, and standard fields with the property idLookup (SOAP API Developer Guide,
// API Field Properties).
func (f *field) findsRecords() bool { return f.externalID || f.lookup }

// isLong tells whether the field holds a long text, which queries only show.
func (f *field) isLong() bool { return f.kind == typeTextArea && f.length > 255 }

// isText tells whether ” equals null for the field and case does not count.
func (f *field) isText() bool {
	switch f.kind {
	case typeString, typeTextArea, typeEmail, typePhone, typeURL, typePicklist:
		return true
	case typeID, typeBoolean, typeInteger, typeDouble, typeDate, typeDateTime, typeReference:
	}
	return false
}

// object describes one sObject.
type object struct {
	name, prefix, label, plural                  string
	setup, create, update, delete, query, bare   bool
	fields                                       []*field
	byName                                       map[string]*field // lower case
	createdDate, createdBy                       *field
	modifiedDate, modifiedBy, systemStamp, idCol *field
}

// field finds a field by its name in any case, or nil.
func (o *object) field(name string) *field {
	if f, ok := o.byName[name]; ok {
		return f
	}
	return o.byName[strings.ToLower(name)]
}

// parent finds the reference field with the relationship name, or nil.
func (o *object) parent(relationship string) *field {
	for _, f := range o.fields {
		if f.relationship != "" && strings.EqualFold(f.relationship, relationship) {
			return f
		}
	}
	return nil
}

// schema is what an org knows of its objects.
type schema struct {
	objects  []*object
	byName   map[string]*object // lower case
	byPrefix map[string]*object
}

// object finds an object by its name in any case, or returns nil.
func (s *schema) object(name string) *object { return s.byName[strings.ToLower(name)] }

// children finds the object and its field behind a child relationship.
func (s *schema) children(parent *object, relationship string) (*object, *field) {
	for _, o := range s.objects {
		for _, f := range o.fields {
			if f.children != "" && strings.EqualFold(f.children, relationship) && slices.Contains(f.referenceTo, parent.name) {
				return o, f
			}
		}
	}
	return nil, nil
}

// standardSchema parses the embedded description once.
//
//nolint:gochecknoglobals // a table compiled from the embedded description.
var standardSchema = sync.OnceValues(func() (*schema, error) {
	s, err := parseSchema(schemaText)
	if err == nil {
		s.object("User").field("FederationIdentifier").lookup = unconfirmed.FederationIDFindsUsers
	}
	return s, err
})

// parseSchema reads the form that the head of schema.txt explains.
func parseSchema(text string) (*schema, error) {
	p := schemaParser{lists: map[string][]string{}, schema: &schema{byName: map[string]*object{}, byPrefix: map[string]*object{}}}
	for i, line := range strings.Split(text, "\n") {
		if err := p.line(line); err != nil {
			return nil, fmt.Errorf("read schema, line %d: %w", i+1, err)
		}
	}
	for _, o := range p.schema.objects {
		o.addSystemFields()
		o.number()
	}
	return p.schema, nil
}

type schemaParser struct {
	schema  *schema
	lists   map[string][]string
	list    string
	current *object
}

// line reads one line of the description.
func (p *schemaParser) line(line string) error {
	words := strings.Fields(line)
	switch {
	case len(words) == 0 || strings.HasPrefix(words[0], "#"):
		return nil
	case words[0] == "list":
		p.list, p.current = words[1], nil
		p.lists[p.list] = append([]string{}, words[2:]...)
	case words[0] == "object":
		return p.object(line)
	case p.current == nil:
		p.lists[p.list] = append(p.lists[p.list], words...)
	case words[0] == "%permissions%":
		for _, permission := range permissions() {
			p.current.fields = append(p.current.fields, &field{name: "Permissions" + permission.name, label: permission.label, kind: typeBoolean})
		}
	default:
		f, err := p.field(line)
		p.current.fields = append(p.current.fields, f)
		return err
	}
	return nil
}

// object reads "object NAME PREFIX label|plural : abilities".
func (p *schemaParser) object(line string) error {
	head, abilities, found := strings.Cut(line, " : ")
	words := strings.SplitN(head, " ", 4)
	if !found || len(words) < 4 {
		return fmt.Errorf("%q is no object", line)
	}
	label, plural, _ := strings.Cut(words[3], "|")
	o := &object{name: words[1], prefix: words[2], label: label, plural: plural}
	for ability := range strings.FieldsSeq(abilities) {
		switch ability {
		case "setup":
			o.setup = true
		case "create":
			o.create = true
		case "update":
			o.update = true
		case "delete":
			o.delete = true
		case "query":
			o.query = true
		case "bare":
			o.bare = true
		default:
			return fmt.Errorf("%q is no ability of an object", ability)
		}
	}
	p.current = o
	p.schema.add(o)
	return nil
}

// add makes an object known by name and by prefix. The first three characters of
// every id tell its object, which is how references to several objects are followed.
func (s *schema) add(o *object) {
	s.objects = append(s.objects, o)
	s.byName[strings.ToLower(o.name)] = o
	s.byPrefix[o.prefix] = o
}

// field reads "Name type(argument) options | label".
func (p *schemaParser) field(line string) (*field, error) {
	definition, label, _ := strings.Cut(line, "|")
	words := strings.Fields(definition)
	if len(words) < 2 {
		return nil, fmt.Errorf("%q is no field", line)
	}
	f := &field{name: words[0], label: strings.TrimSpace(label), createable: true, updateable: true}
	kind, argument, _ := strings.Cut(strings.TrimSuffix(words[1], ")"), "(")
	f.kind = fieldType(kind)
	if f.kind == typeReference {
		f.referenceTo, f.length = strings.Split(argument, ","), 18
	} else if argument != "" {
		length, err := strconv.Atoi(argument)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.name, err)
		}
		f.length = length
	}
	for _, option := range words[2:] {
		if err := p.option(f, option); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// option reads one word behind the type of a field.
func (p *schemaParser) option(f *field, option string) error {
	name, value, _ := strings.Cut(option, "=")
	flags := map[string]*bool{
		"required": &f.required, "filled": &f.filled, "unique": &f.unique, "cased": &f.cased, "lookup": &f.lookup,
		"indexed": &f.indexed, "shared": &f.shared, "computed": &f.computed, "unrestricted": &f.unrestricted,
	}
	switch name {
	case "readonly":
		f.createable, f.updateable = false, false
	case "createonly":
		f.updateable = false
	case "default":
		f.defaultValue = value
	case "list":
		f.list = p.lists[value]
	case "as":
		f.relationship = value
	case "children":
		f.children = value
	default:
		flag, known := flags[name]
		if !known {
			return fmt.Errorf("field %s: unknown option %q", f.name, option)
		}
		*flag = true
	}
	if f.computed {
		f.createable, f.updateable = false, false
	}
	return nil
}

// addSystemFields puts Id in front and the audit fields behind.
func (o *object) addSystemFields() {
	id := &field{name: "Id", label: o.label + " ID", kind: typeID, length: 18, filled: true, lookup: true}
	o.fields = append([]*field{id}, o.fields...)
	if o.bare {
		return
	}
	reference := []string{"User"}
	o.fields = append(o.fields,
		&field{name: "CreatedDate", label: "Created Date", kind: typeDateTime, filled: true, computed: true},
		&field{name: "CreatedById", label: "Created By ID", kind: typeReference, length: 18, filled: true, computed: true, referenceTo: reference, relationship: "CreatedBy"},
		&field{name: "LastModifiedDate", label: "Last Modified Date", kind: typeDateTime, filled: true, computed: true},
		&field{name: "LastModifiedById", label: "Last Modified By ID", kind: typeReference, length: 18, filled: true, computed: true, referenceTo: reference, relationship: "LastModifiedBy"},
		&field{name: "SystemModstamp", label: "System Modstamp", kind: typeDateTime, filled: true, computed: true},
	)
	if o.delete {
		o.fields = append(o.fields, &field{name: "IsDeleted", label: "Deleted", kind: typeBoolean, computed: true})
	}
}

// number gives every field its place, by which records refer to it.
func (o *object) number() {
	o.byName = make(map[string]*field, 2*len(o.fields))
	for i, f := range o.fields {
		f.number = i
		o.byName[f.name] = f
		o.byName[strings.ToLower(f.name)] = f
	}
	o.idCol, o.createdDate, o.createdBy = o.field("Id"), o.field("CreatedDate"), o.field("CreatedById")
	o.modifiedDate, o.modifiedBy, o.systemStamp = o.field("LastModifiedDate"), o.field("LastModifiedById"), o.field("SystemModstamp")
}

// with returns a copy of the schema that has the custom fields too, and those of
// the State and Country picklists if they are wanted.
func (s *schema) with(custom []CustomField, addressCodes bool) (*schema, error) {
	if len(custom) == 0 && !addressCodes {
		return s, nil
	}
	extended := &schema{byName: map[string]*object{}, byPrefix: map[string]*object{}}
	for _, o := range s.objects {
		clone := *o
		clone.fields = nil
		for _, f := range o.fields {
			clone.fields = append(clone.fields, new(*f))
		}
		extended.add(&clone)
	}
	if addressCodes {
		extended.object("User").withAddressCodes()
	}
	for _, c := range custom {
		o := extended.object(c.Object)
		if o == nil {
			return nil, fmt.Errorf("custom field %s: there is no object %q", c.Name, c.Object)
		}
		f, err := c.field()
		if err != nil {
			return nil, err
		}
		o.fields = append(o.fields, f)
	}
	for _, o := range extended.objects {
		o.number()
	}
	return extended, nil
}
