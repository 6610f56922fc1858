package salesforcetest

import "strings"

// digits are the characters of record ids, in the order of their value.
const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// checkSuffix returns the three characters that make a 15-character id safe
// where upper and lower case are the same: one for each block of five, whose
// bits tell which characters are upper case.
func checkSuffix(id string) string {
	const check = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	var suffix [3]byte
	for block := range 3 {
		bits := 0
		for i := range 5 {
			if c := id[block*5+i]; c >= 'A' && c <= 'Z' {
				bits |= 1 << i
			}
		}
		suffix[block] = check[bits]
	}
	return string(suffix[:])
}

// makeID composes prefix (3), pod (2), a reserved 0 and the serial number.
func makeID(prefix, pod string, serial uint64) string {
	var id [15]byte
	copy(id[:], prefix)
	copy(id[3:], pod)
	for i := 14; i > 4; i-- {
		id[i] = digits[serial%62]
		serial /= 62
	}
	return string(id[:]) + checkSuffix(string(id[:]))
}

// isID tells whether text has the form of an id with 15 or 18 characters, the
// last three of which must fit.
func isID(text string) bool {
	if len(text) != 15 && len(text) != 18 {
		return false
	}
	for i := range len(text) {
		if strings.IndexByte(digits, text[i]) < 0 {
			return false
		}
	}
	return len(text) == 15 || strings.EqualFold(text[15:], checkSuffix(text[:15]))
}

// idKey is the part of an id that identifies, or the text itself when it is none.
func idKey(id string) string {
	if len(id) == 18 {
		return id[:15]
	}
	return id
}

// longID returns the form with 18 characters of a valid id.
func longID(id string) string {
	if len(id) == 15 {
		return id + checkSuffix(id)
	}
	return id
}

// toBase62 writes a number with as many characters as given.
func toBase62(n, width int) string {
	text := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		text[i] = digits[n%62]
		n /= 62
	}
	return string(text)
}
