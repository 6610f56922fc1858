package salesforcetest

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

//go:embed countries.txt
var countriesText string

// territory is a country, or a state of one. Its name is the integration value
// that stands in the fields Country and State.
type territory struct {
	code, name string
	states     []territory
}

// countries parses the embedded list once.
//
//nolint:gochecknoglobals // a table compiled from the embedded list.
var countries = sync.OnceValue(func() []territory {
	var list []territory
	for line := range strings.SplitSeq(countriesText, "\n") {
		code, name, found := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case !found || code == "#":
		case strings.HasPrefix(line, " "):
			country := &list[len(list)-1]
			country.states = append(country.states, territory{code: code, name: name})
		default:
			list = append(list, territory{code: code, name: name})
		}
	}
	return list
})

// The fields that come with State and Country picklists.
const (
	countryCode = "CountryCode"
	stateCode   = "StateCode"
)

// addressFields are the fields of a user that the State and Country picklists
// concern; all are nil where the org does not have them.
type addressFields struct{ country, countryCode, state, stateCode *field }

// withAddressCodes adds the fields that come with State and Country picklists.
func (o *object) withAddressCodes() {
	country := &field{name: countryCode, label: "Country Code", kind: typePicklist, length: 10, createable: true, updateable: true, coded: true}
	state := &field{name: stateCode, label: "State/Province Code", kind: typePicklist, length: 10, createable: true, updateable: true, coded: true}
	for _, c := range countries() {
		country.list = append(country.list, c.code)
		for _, s := range c.states {
			state.list = append(state.list, s.code)
		}
	}
	slices.Sort(state.list)
	state.list = slices.Compact(state.list)
	o.fields = append(o.fields, state, country)
}

// addressFieldsOf looks the fields up once.
func addressFieldsOf(o *object) addressFields {
	return addressFields{country: o.field("Country"), countryCode: o.field(countryCode), state: o.field("State"), stateCode: o.field(stateCode)}
}

// address keeps names and codes of country and state in step, and refuses those
// that are not on the lists.
func (tx *transaction) address(d *draft) *apiError {
	a := &tx.org.addresses
	if a.countryCode == nil || !slices.ContainsFunc([]*field{a.country, a.countryCode, a.state, a.stateCode}, func(f *field) bool { return d.given[f.number] }) {
		return nil
	}
	country, err := pick(d, a.country, a.countryCode, countries())
	if err != nil {
		return err
	}
	if country == nil && !d.writes(a.state) && !d.writes(a.stateCode) {
		// Without a country there is no state either.
		d.put(a.state, "").put(a.stateCode, "")
		return nil
	}
	var states []territory
	if country != nil {
		states = country.states
	}
	if d.get(a.state) == "" && d.get(a.stateCode) == "" {
		return nil
	}
	if country == nil {
		return rowError("FIELD_INTEGRITY_EXCEPTION", unconfirmed.StateWithoutCountry+a.state.label, a.state.name)
	}
	_, err = pick(d, a.state, a.stateCode, states)
	return err
}

// writes tells whether the caller gave the field a value.
func (d *draft) writes(f *field) bool { return d.given[f.number] && d.set[f.number] != "" }

// pick finds the entry that a name and a code stand for, and writes both as the
// list has them; nil means that there is none. What was given counts more than
// what was there, and in a new record the code more than the name.
func pick(d *draft, name, code *field, list []territory) (*territory, *apiError) {
	var byName, byCode *territory
	for i := range list {
		if strings.EqualFold(list[i].name, d.get(name)) {
			byName = &list[i]
		}
		if strings.EqualFold(list[i].code, d.get(code)) {
			byCode = &list[i]
		}
	}
	nameGiven, codeGiven := d.given[name.number], d.given[code.number]
	switch {
	case codeGiven && d.get(code) == "" && !d.writes(name), nameGiven && d.get(name) == "" && !d.writes(code):
		d.put(name, "").put(code, "")
		return nil, nil
	case d.writes(code) && byCode == nil, !nameGiven && !codeGiven && d.get(code) != "" && (byCode == nil || byName != byCode):
		return nil, rowError("FIELD_INTEGRITY_EXCEPTION", unknownCode(code, name, d), code.name)
	case d.writes(name) && byName == nil && !d.writes(code):
		return nil, rowError("FIELD_INTEGRITY_EXCEPTION", unknownTerritory(name), name.name)
	case d.writes(name) && d.writes(code) && d.base != nil && byName != byCode:
		return nil, rowError("FIELD_INTEGRITY_EXCEPTION", unconfirmed.MismatchedTerritory+name.label, name.name)
	}
	chosen := byCode
	if nameGiven && !d.writes(code) {
		chosen = byName
	}
	if chosen != nil {
		d.put(name, chosen.name).put(code, chosen.code)
	}
	return chosen, nil
}

// unknownTerritory refuses a name that is not on the list.
func unknownTerritory(name *field) string {
	word := strings.ToLower(name.name)
	list := map[string]string{"country": "countries", "state": "states"}[word]
	return fmt.Sprintf("There's a problem with this %s, even though it may appear correct. Please select a %s from the list of valid %s.: %s", word, word, list, name.label)
}

// unknownCode refuses a code that is not on the list. A code that was there
// before is one of another country.
func unknownCode(code, name *field, d *draft) string {
	if !d.given[code.number] {
		return "The existing country/territory doesn't recognize the state value for field: " + code.label
	}
	word := "state"
	if name.name == "Country" {
		word = "country/territory"
	}
	return fmt.Sprintf("The %s field contains %s, which isn't an available %s.", code.name, d.get(code), word)
}
