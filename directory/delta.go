package directory

// Cursor is a position in the directory's change feed. It increases with every
// change; 0 is before the first.
type Cursor int64

// Operation says what a delta does with its content.
type Operation uint8

// The operations of a delta.
const (
	Put    Operation = iota // create, or update to exactly this content
	Remove                  // soft-delete a user or a group; end a membership or an assignment
)

// String returns the operation's name.
func (o Operation) String() string {
	if o == Remove {
		return "remove"
	}
	return "put"
}

// Content is what a delta is about: a User, a Group, a Member or an
// AssignmentRequest.
type Content interface {
	content()
}

func (User) content()              {}
func (Group) content()             {}
func (Member) content()            {}
func (AssignmentRequest) content() {}

// Delta is one change that a source reports.
type Delta struct {
	Operation Operation
	Content   Content

	// Only are the Graph names of the properties that the source knows of users and
	// groups, for a Put. An object that exists keeps the others, and stays deleted if it
	// is. Nil is all of them: the object becomes exactly the content.
	Only []string
}
