package salesforce

// longID returns the form with 18 characters of a record id. A text that is not
// an id comes back as it is.
func longID(id string) string {
	if len(id) != 15 || !isAlphanumeric(id) {
		return id
	}
	return id + idSuffix(id)
}

// isID reports whether a text has the form of a record id with 15 or 18
// characters. The last three of 18 only repeat which letters are capitals, and
// must fit.
func isID(text string) bool {
	switch len(text) {
	case 15:
		return isAlphanumeric(text)
	case 18:
		return isAlphanumeric(text) && text[15:] == idSuffix(text[:15])
	}
	return false
}

// idSuffix computes the three characters behind an id of 15: one for each block
// of five, whose bits say which of the characters are capitals.
func idSuffix(id string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	var suffix [3]byte
	for i := range 15 {
		if c := id[i]; c >= 'A' && c <= 'Z' {
			suffix[i/5] |= 1 << (i % 5)
		}
	}
	for i, bits := range suffix {
		suffix[i] = alphabet[bits]
	}
	return string(suffix[:])
}

func isAlphanumeric(text string) bool {
	for i := range len(text) {
		c := text[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
