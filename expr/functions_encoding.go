package expr

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/usher-id/usher/attr"
)

//nolint:gochecknoglobals // compile-time table
var encodingFunctions = []definition{
	{
		Function: Function{
			Name: "ConvertToBase64", Result: TypeString, Reference: true,
			Summary:    "Encodes a text as Base64 of its UTF-16 form.",
			Parameters: []FunctionParameter{required("source", TypeString, "The text.")},
			Example:    Example{Expression: `ConvertToBase64("Ana")`, Result: "QQBuAGEA"},
		}, build: simple(func(c *call, f *frame) (attr.Value, error) { return c.mapText(f, toBase64) }),
	},
	{
		Function: Function{
			Name: "ConvertFromBase64", Result: TypeString,
			Summary: "Decodes Base64 to text.",
			Parameters: []FunctionParameter{
				required("source", TypeString, "The Base64 text."),
				optional("encoding", TypeKeyword, "Unicode for UTF-16, which is the default, UTF8 or ASCII."),
			},
			Example: Example{Expression: `ConvertFromBase64("QW5h", UTF8)`, Result: "Ana"},
		}, build: simple(evalFromBase64),
	},
	{
		Function: Function{
			Name: "ConvertToUTF8Hex", Result: TypeString, Reference: true,
			Summary:    "Encodes a text as the hexadecimal digits of its UTF-8 form.",
			Parameters: []FunctionParameter{required("source", TypeString, "The text.")},
			Example:    Example{Expression: `ConvertToUTF8Hex("Zoë")`, Result: "5A6FC3AB"},
		}, build: simple(func(c *call, f *frame) (attr.Value, error) { return c.mapText(f, toHex) }),
	},
	{
		Function: Function{
			Name: "BitAnd", Result: TypeInteger, Reference: true,
			Summary:    "Returns the bits that two numbers have in common.",
			Parameters: []FunctionParameter{required("value1", TypeInteger, "The first number."), required("value2", TypeInteger, "The second number.")},
			Example:    Example{Expression: `BitAnd([userAccountControl], 2)`, Inputs: map[string]string{"userAccountControl": "514"}, Result: "2"},
		}, build: simple(evalBitAnd),
	},
	{
		Function: Function{
			Name: "Guid", Result: TypeString, Reference: true, Summary: "Returns a new random GUID.",
			Example: Example{Expression: `Guid()`, Result: "0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6"},
		}, build: simple(evalGUID),
	},
	{
		Function: Function{
			Name: "RandomString", Result: TypeString, Reference: true,
			Summary: "Returns a random text, for example an initial password. The characters beyond the minimums are of any kind.",
			Parameters: []FunctionParameter{
				required("Length", TypeInteger, "How many characters; at most 256."), required("MinimumNumbers", TypeInteger, "How many digits at least."),
				required("MinimumSpecialCharacters", TypeInteger, "How many special characters at least."),
				required("MinimumCapital", TypeInteger, "How many capital letters at least."),
				required("MinimumLowerCase", TypeInteger, "How many small letters at least."),
				optional("CharactersToAvoid", TypeString, "Characters that must not occur."),
			},
			Example: Example{Expression: `RandomString(6, 3, 0, 0, 3)`, Result: "a71k3x"},
		}, build: simple(evalRandomString),
	},
}

func toBase64(text string) (string, error) {
	units := utf16.Encode([]rune(text))
	data := make([]byte, 0, 2*len(units))
	for _, unit := range units {
		data = binary.LittleEndian.AppendUint16(data, unit)
	}
	return base64.StdEncoding.EncodeToString(data), nil
}

func toHex(text string) (string, error) {
	return strings.ToUpper(hex.EncodeToString([]byte(text))), nil
}

func evalFromBase64(c *call, f *frame) (attr.Value, error) {
	encoding, err := c.text(f, 1)
	if err != nil {
		return attr.Value{}, err
	}
	return c.mapText(f, func(text string) (string, error) {
		decoded, err := fromBase64(text, encoding)
		if err != nil {
			return "", c.fail("%v", err)
		}
		return decoded, nil
	})
}

func fromBase64(text, encoding string) (string, error) {
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return "", errors.New("the text is not Base64")
	}
	switch encoding {
	case "", keywordUnicode:
		return fromUTF16(data)
	case keywordUTF8:
		return strings.ToValidUTF8(string(data), string(utf8.RuneError)), nil
	case keywordASCII:
		return fromASCII(data), nil
	}
	return "", fmt.Errorf("encoding is Unicode, UTF8 or ASCII, not %q", shorten(encoding))
}

func fromUTF16(data []byte) (string, error) {
	if len(data)%2 != 0 {
		return "", errors.New("the decoded bytes are not UTF-16; name another encoding")
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units)), nil
}

func fromASCII(data []byte) string {
	text := make([]byte, len(data))
	for i, b := range data {
		text[i] = b
		if b >= utf8.RuneSelf {
			text[i] = '?'
		}
	}
	return string(text)
}

func evalBitAnd(c *call, f *frame) (attr.Value, error) {
	left, err := c.integer(f, 0)
	if err != nil {
		return attr.Value{}, err
	}
	right, err := c.integer(f, 1)
	return attr.Int(left & right), err
}

// random returns the source of randomness of the evaluation.
func (f *frame) random() io.Reader {
	if f.Random != nil {
		return f.Random
	}
	return rand.Reader
}

func evalGUID(c *call, f *frame) (attr.Value, error) {
	var b [16]byte
	if _, err := io.ReadFull(f.random(), b[:]); err != nil {
		return attr.Value{}, c.fail("read random bytes: %v", err)
	}
	b[6] = b[6]&0x0f | 0x40 // version 4
	b[8] = b[8]&0x3f | 0x80 // variant of RFC 9562
	return c.produce(f, fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
}

// The characters of RandomString: those that count for Windows' password
// complexity.
const (
	randomDigits   = "0123456789"
	randomSpecials = "~!@#$%^&*_-+=`|\\(){}[]:;\"'<>,.?/"
	randomCapitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	randomSmalls   = "abcdefghijklmnopqrstuvwxyz"
	randomLongest  = 256
)

func evalRandomString(c *call, f *frame) (attr.Value, error) {
	var numbers [5]int64
	for i := range numbers {
		number, err := c.integer(f, i)
		if err != nil {
			return attr.Value{}, err
		}
		numbers[i] = number
	}
	if err := checkRandomLengths(numbers); err != nil {
		return attr.Value{}, c.fail("%v", err)
	}
	avoid, err := c.text(f, 5)
	if err != nil {
		return attr.Value{}, err
	}
	text, err := randomString(f.random(), numbers, oneOf(avoid))
	if err != nil {
		return attr.Value{}, c.fail("%v", err)
	}
	return c.produce(f, text)
}

// checkRandomLengths checks the length and the four minimums behind it.
func checkRandomLengths(numbers [5]int64) error {
	length := numbers[0]
	if length < 1 || length > randomLongest {
		return fmt.Errorf("the length is %d, but must be 1 to %d", length, randomLongest)
	}
	var sum int64
	for _, least := range numbers[1:] {
		if least < 0 || least > length {
			return fmt.Errorf("a minimum is %d, but must be 0 to the length", least)
		}
		sum += least
	}
	if sum > length {
		return fmt.Errorf("the minimums add up to %d, more than the length, which is %d", sum, length)
	}
	return nil
}

// randomString draws the minimums of each kind, fills up from all kinds, and
// shuffles.
func randomString(source io.Reader, numbers [5]int64, avoid func(rune) bool) (string, error) {
	kinds := [4]string{randomDigits, randomSpecials, randomCapitals, randomSmalls}
	for i, kind := range kinds {
		kinds[i] = strings.Map(func(r rune) rune {
			if avoid(r) {
				return -1
			}
			return r
		}, kind)
		if kinds[i] == "" && numbers[i+1] > 0 {
			return "", errors.New("CharactersToAvoid leaves no character of a kind that is demanded")
		}
	}
	all := strings.Join(kinds[:], "")
	if all == "" {
		return "", errors.New("CharactersToAvoid leaves no character")
	}
	characters := make([]byte, 0, numbers[0])
	for i, kind := range kinds {
		for range numbers[i+1] {
			n, err := randomBelow(source, len(kind))
			if err != nil {
				return "", err
			}
			characters = append(characters, kind[n])
		}
	}
	for len(characters) < int(numbers[0]) {
		n, err := randomBelow(source, len(all))
		if err != nil {
			return "", err
		}
		characters = append(characters, all[n])
	}
	return shuffle(source, characters)
}

func shuffle(source io.Reader, characters []byte) (string, error) {
	for i := len(characters) - 1; i > 0; i-- {
		n, err := randomBelow(source, i+1)
		if err != nil {
			return "", err
		}
		characters[i], characters[n] = characters[n], characters[i]
	}
	return string(characters), nil
}

// randomBelow draws a number from 0 to n-1, each with the same probability. n is
// at most 256. A source that keeps giving unusable bytes is given up.
func randomBelow(source io.Reader, n int) (int, error) {
	const tries = 10_000
	usable := 256 - 256%n
	var b [1]byte
	for range tries {
		if _, err := io.ReadFull(source, b[:]); err != nil {
			return 0, fmt.Errorf("read random bytes: %w", err)
		}
		if int(b[0]) < usable {
			return int(b[0]) % n, nil
		}
	}
	return 0, errors.New("the source of random bytes is not random")
}
