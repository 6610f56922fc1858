package mapping

import (
	"encoding/json"
	"fmt"
	"strings"
)

// FlowTypes are the actions that an object mapping allows: Graph's flag
// enumeration, written as names joined by commas without spaces.
type FlowTypes uint8

// The flags.
const (
	FlowAdd FlowTypes = 1 << iota
	FlowUpdate
	FlowDelete
)

// AllFlows allows everything, Graph's default.
const AllFlows = FlowAdd | FlowUpdate | FlowDelete

// Has reports whether all the flags are allowed.
func (f FlowTypes) Has(flags FlowTypes) bool { return f&flags == flags }

// String returns the names joined by commas, "None" for none.
func (f FlowTypes) String() string {
	var names []string
	for _, flow := range []struct {
		flag FlowTypes
		name string
	}{{FlowAdd, "Add"}, {FlowUpdate, "Update"}, {FlowDelete, "Delete"}} {
		if f.Has(flow.flag) {
			names = append(names, flow.name)
		}
	}
	if len(names) == 0 {
		return "None"
	}
	return strings.Join(names, ",")
}

// MarshalJSON returns the names as a JSON string.
func (f FlowTypes) MarshalJSON() ([]byte, error) { return json.Marshal(f.String()) }

// UnmarshalJSON reads names joined by commas, with or without spaces, in any
// letter case; null means all, as a member that is left out does.
func (f *FlowTypes) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*f = AllFlows
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("flowTypes: %w", err)
	}
	*f = 0
	for name := range strings.SplitSeq(text, ",") {
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "add":
			*f |= FlowAdd
		case "update":
			*f |= FlowUpdate
		case "delete":
			*f |= FlowDelete
		case "none", "":
		default:
			return fmt.Errorf("flowTypes: there is no flow type %q; there are Add, Update, Delete and None", name)
		}
	}
	return nil
}
