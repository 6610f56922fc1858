package mapping

import "github.com/usher-id/usher/attr"

// AttributeRule is one attribute mapping made ready: what is known about a target
// attribute before any person is looked at.
type AttributeRule struct {
	Target        string    // target attribute
	Kind          attr.Kind // what the target attribute holds
	Multivalued   bool
	CaseExact     bool   // a difference in letter case alone is a change
	Reference     string // type of object that the attribute refers to, empty when it is no reference
	Priority      int    // matching priority, 0 when it is not used for matching
	FlowType      FlowType
	FlowBehavior  FlowBehavior
	Default       attr.Value // for creation when the source gives nothing; null without default
	SourceMissing bool       // a mapping without source: the default also fills an attribute that is empty in the target
	Mutability    Mutability // ReadWrite, Immutable or WriteOnly
	ClearWhenNull bool       // a source without a value gives the default or, without one, empties the attribute
	ExportMissing bool       // a reference whose other end has no account empties the attribute
	Unique        bool       // the value is chosen among candidates when an account is made, by asking the target
	Expression    string     // source in canonical text, empty without source
}

// Changes reports whether the rule can change a value that an existing account
// has.
func (r *AttributeRule) Changes() bool {
	switch {
	case r.SourceMissing, r.Mutability == Immutable:
		return false
	case r.FlowType == ObjectAddOnly, r.FlowType == AttributeAddOnly:
		return false
	}
	return r.Multivalued || r.FlowType != MultiValueAddOnly && r.FlowType != ValueAddOnly
}

// Flow is the value that one attribute mapping gives for one person.
type Flow struct {
	Rule     *AttributeRule // shared by all people
	Value    attr.Value     // of the target's kind; null when the source gives nothing. A reference names the source object.
	Redacted bool           // the value is not to be shown in the log
	Ignored  bool           // the expression asks to leave the attribute alone: no default, no clearing
	Clear    bool           // Value is null, and an existing account is to lose what it has or to get the default instead
}

// Hidden reports whether the value is not to be seen: the mapping redacts it, or the
// target itself does not show it, as with passwords.
func (f Flow) Hidden() bool { return f.Redacted || f.Rule.Mutability == WriteOnly }

// ForCreation returns what a new account gets: the value, or the default where
// the source gives none. Null when it gets nothing.
func (f Flow) ForCreation() attr.Value {
	switch {
	case f.Ignored:
		return attr.Value{}
	case f.Value.IsEmpty():
		return f.Rule.Default
	}
	return f.Value
}

// Key is the value of one matching attribute.
type Key struct {
	Attribute string
	Value     attr.Value
}

// Desired is what the mapping wants for one person.
type Desired struct {
	Flows        []Flow // in the order of the mapping
	Keys         []Key  // matching attributes that have a value, in the order of priority
	IgnoreObject bool   // an expression asks to leave the whole object alone
	Warnings     []string
}

// Get returns the value for a target attribute, null when there is none.
func (d Desired) Get(target string) attr.Value {
	for _, flow := range d.Flows {
		if flow.Rule.Target == target {
			return flow.Value
		}
	}
	return attr.Value{}
}
