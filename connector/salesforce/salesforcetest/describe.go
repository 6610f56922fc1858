package salesforcetest

import (
	"encoding/base64"
	"net/http"
	"time"
)

// basics are the properties of an object that the list of objects shows too. Those
// that no object here has are there all the same: generated clients want them.
func (c *call) basics(t *object) []member {
	url := c.prefix() + "/sobjects/" + t.name
	return []member{
		{"activateable", false},
		{"associateEntityType", nil},
		{"associateParentEntity", nil},
		{"createable", t.create},
		{"custom", false},
		{"customSetting", false},
		{"deepCloneable", false},
		{"deletable", t.delete},
		{"deprecatedAndHidden", false},
		{"feedEnabled", false},
		{"hasSubtypes", false},
		{"isInterface", false},
		{"isSubtype", false},
		{"keyPrefix", t.prefix},
		{"label", t.label},
		{"labelPlural", t.plural},
		{"layoutable", !t.bare},
		{"mergeable", false},
		{"mruEnabled", false},
		{"name", t.name},
		{"queryable", t.query},
		{"replicateable", !t.bare},
		{"retrieveable", true},
		{"searchable", !t.bare},
		{"triggerable", t.create},
		{"undeletable", t.delete && !t.setup},
		{"updateable", t.update},
		{"urls", []member{{"rowTemplate", url + "/{ID}"}, {"describe", url + "/describe"}, {"sobject", url}}},
	}
}

// listObjects answers /sobjects.
func (o *Org) listObjects(c *call) *answer {
	if c.method != http.MethodGet && c.method != http.MethodHead {
		return refuse(methodNotAllowed(c.method, "GET", "HEAD"))
	}
	list := []any{}
	for _, t := range o.schema.objects {
		list = append(list, c.basics(t))
	}
	return reply(http.StatusOK, []member{{"encoding", "UTF-8"}, {"maxBatchSize", 200}, {"sobjects", list}})
}

// describe answers /sobjects/{object}/describe. It changes only with the content of
// the org made anew, so that clients may cache it (REST API Developer Guide, Get
// Object Metadata Changes). Createable stays true for a user who may not create:
// permissions on objects are no part of it.
func (o *Org) describe(c *call, t *object) *answer {
	if c.method != http.MethodGet && c.method != http.MethodHead {
		return refuse(methodNotAllowed(c.method, "GET", "HEAD"))
	}
	if a := c.consult(o, operation{name: "describe", object: t.name}); a != nil {
		return a
	}
	changed := time.UnixMilli(o.described).UTC()
	if since, err := http.ParseTime(c.header.Get("If-Modified-Since")); err == nil && !changed.Truncate(time.Second).After(since) {
		return &answer{status: http.StatusNotModified}
	}
	fields := []any{}
	for _, f := range t.fields {
		fields = append(fields, describeField(t, f))
	}
	members := append(c.basics(t),
		member{"actionOverrides", []any{}}, member{"childRelationships", o.childRelationships(t)}, member{"compactLayoutable", !t.setup},
		member{"fields", fields}, member{"lookupLayoutable", nil}, member{"listviewable", nil}, member{"namedLayoutInfos", []any{}},
		member{"networkScopeFieldName", nil}, member{"recordTypeInfos", []any{}}, member{"searchLayoutable", true},
		member{"sobjectDescribeOption", "FULL"}, member{"supportedScopes", []any{[]member{{"label", "All"}, {"name", "everything"}}}})
	a := reply(http.StatusOK, members)
	a.header = http.Header{"Last-Modified": {changed.Format(http.TimeFormat)}}
	return a
}

// childRelationships lists every reference to the object. Those without a name
// cannot be queried from the parent, and are listed with null.
func (o *Org) childRelationships(parent *object) []any {
	list := []any{}
	for _, t := range o.schema.objects {
		for _, f := range t.fields {
			for _, name := range f.referenceTo {
				if name == parent.name {
					list = append(list, []member{
						{"cascadeDelete", false},
						{"childSObject", t.name},
						{"deprecatedAndHidden", false},
						{"field", f.name},
						{"junctionIdListNames", []any{}},
						{"junctionReferenceTo", []any{}},
						{"relationshipName", nullable(f.children)},
						{"restrictedDelete", false},
					})
				}
			}
		}
	}
	return list
}

// describeField lists the properties in the order of the alphabet, as Salesforce
// does. Those that no field here has are constant.
func describeField(t *object, f *field) []member {
	values := picklistValues(f)
	var controller any
	if f.coded && f.name == stateCode {
		controller = countryCode
	}
	var defaultValue any
	if f.kind == typeBoolean {
		defaultValue = f.initial() == "true"
	}
	references := f.referenceTo
	if references == nil {
		references = []string{}
	}
	length := 0
	if f.isText() || f.kind == typeID || f.kind == typeReference {
		length = f.length
	}
	numberDigits := 0
	if f.kind == typeInteger {
		numberDigits = 9
	}
	return []member{
		{"aggregatable", f.kind != typeBoolean},
		{"aiPredictionField", false},
		{"autoNumber", false},
		{"byteLength", 3 * length},
		{"calculated", f.name == "Name" && f.computed},
		{"calculatedFormula", nil},
		{"cascadeDelete", false},
		{"caseSensitive", f.cased},
		{"compoundFieldName", compound(t, f)},
		{"controllerName", controller},
		{"createable", f.createable},
		{"custom", f.custom},
		{"defaultValue", defaultValue},
		{"defaultValueFormula", nil},
		{"defaultedOnCreate", f.kind == typeBoolean || f.filled},
		{"dependentPicklist", controller != nil},
		{"deprecatedAndHidden", false},
		{"digits", numberDigits},
		{"displayLocationInDecimal", false},
		{"encrypted", false},
		{"externalId", f.externalID},
		{"extraTypeInfo", nil},
		{"filterable", !f.isLong()},
		{"filteredLookupInfo", nil},
		{"formulaTreatNullNumberAsZero", false},
		{"groupable", f.kind != typeDateTime && f.kind != typeDouble && !f.isLong()},
		{"highScaleNumber", false},
		{"htmlFormatted", false},
		{"idLookup", f.lookup},
		{"inlineHelpText", nil},
		{"label", f.label},
		{"length", length},
		{"mask", nil},
		{"maskType", nil},
		{"name", f.name},
		{"nameField", f.name == "Name"},
		{"namePointing", len(references) > 1},
		{"nillable", f.nillable()},
		{"permissionable", f.custom},
		{"picklistValues", values},
		{"polymorphicForeignKey", len(references) > 1},
		{"precision", 0},
		{"queryByDistance", false},
		{"referenceTargetField", nil},
		{"referenceTo", references},
		{"relationshipName", nullable(f.relationship)},
		{"relationshipOrder", nil},
		{"restrictedDelete", false},
		{"restrictedPicklist", f.kind == typePicklist && len(f.list) > 0 && !f.unrestricted},
		{"scale", 0},
		{"searchPrefilterable", f.kind == typeReference},
		{"soapType", soapType(f.kind)},
		{"sortable", !f.isLong()},
		{"type", string(f.kind)},
		{"unique", f.unique},
		{"updateable", f.updateable},
		{"writeRequiresMasterRead", false},
	}
}

// picklistValues lists what a picklist offers. What is coded shows the name and
// holds the code.
func picklistValues(f *field) []any {
	values := []any{}
	add := func(label, value string, validFor any) {
		values = append(values, []member{
			{"active", true}, {"defaultValue", value == f.defaultValue}, {"label", label}, {"validFor", validFor}, {"value", value},
		})
	}
	switch {
	case f.coded && f.name == countryCode:
		for _, country := range countries() {
			add(country.name, country.code, nil)
		}
	case f.coded && f.name == stateCode:
		for i, country := range countries() {
			for _, state := range country.states {
				add(state.name, state.code, validFor(i))
			}
		}
	default:
		for _, value := range f.list {
			add(value, value, nil)
		}
	}
	return values
}

// validFor is the bitmap, in Base64, of a dependent value that one value of the
// controlling picklist allows. The first value is the highest bit of the first
// byte (SOAP API Developer Guide, DescribeSObjectResult: PicklistEntry).
func validFor(index int) string {
	bits := make([]byte, index/8+1)
	bits[index/8] = 0x80 >> (index % 8)
	return base64.StdEncoding.EncodeToString(bits)
}

// compound names the field that shows several others as one.
func compound(t *object, f *field) any {
	name := t.field("Name")
	if name != nil && name.computed && (f.name == "FirstName" || f.name == "LastName" || f.name == "MiddleName" || f.name == "Suffix") {
		return "Name"
	}
	return nil
}

// soapType is the type of the field in the WSDL.
func soapType(kind fieldType) string {
	switch kind {
	case typeID, typeReference:
		return "tns:ID"
	case typeBoolean:
		return "xsd:boolean"
	case typeInteger:
		return "xsd:int"
	case typeDouble:
		return "xsd:double"
	case typeDate:
		return "xsd:date"
	case typeDateTime:
		return "xsd:dateTime"
	case typeString, typeTextArea, typeEmail, typePhone, typeURL, typePicklist:
	}
	return "xsd:string"
}
