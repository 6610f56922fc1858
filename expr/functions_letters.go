package expr

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"github.com/usher-id/usher/attr"
)

//nolint:gochecknoglobals // compile-time table
var letterFunctions = []definition{
	{
		Function: Function{
			Name: "ToLower", Result: TypeString, Reference: true,
			Summary:    "Turns a text into lower case.",
			Parameters: []FunctionParameter{required("source", TypeString, "The text."), culture()},
			Example:    Example{Expression: `ToLower([mail])`, Inputs: map[string]string{"mail": "Ana@Contoso.com"}, Result: "ana@contoso.com"},
		}, build: func(c *call) (evaluator, error) { return buildCase(c, unicode.LowerCase) },
	},
	{
		Function: Function{
			Name: "ToUpper", Result: TypeString, Reference: true,
			Summary:    "Turns a text into upper case.",
			Parameters: []FunctionParameter{required("source", TypeString, "The text."), culture()},
			Example:    Example{Expression: `ToUpper([country])`, Inputs: map[string]string{"country": "pt"}, Result: "PT"},
		}, build: func(c *call) (evaluator, error) { return buildCase(c, unicode.UpperCase) },
	},
	{
		Function: Function{
			Name: "PCase", Result: TypeString, Reference: true,
			Summary: "Turns the first letter of every word into upper case and all others into lower case.",
			Parameters: []FunctionParameter{
				required("source", TypeString, "The text."),
				optional("wordSeparators", TypeString, "The characters that separate words; when left out, all white space, punctuation and symbols do."),
			},
			Example: Example{Expression: `PCase([surname], " -")`, Inputs: map[string]string{"surname": "LIMA-O'NEIL"}, Result: "Lima-O'neil"},
		}, build: simple(evalPCase),
	},
	{
		Function: Function{
			Name: "NormalizeDiacritics", Result: TypeString, Reference: true,
			Summary:    "Replaces letters with diacritical marks by plain ones.",
			Parameters: []FunctionParameter{required("source", TypeString, "The text, usually a name.")},
			Example:    Example{Expression: `NormalizeDiacritics([surname])`, Inputs: map[string]string{"surname": "Ærøskøbing-Łódź"}, Result: "AEroeskoebing-Lodz"},
		}, build: simple(func(c *call, f *frame) (attr.Value, error) { return c.mapText(f, normalizeDiacritics) }),
	},
}

func culture() FunctionParameter {
	return optional("culture", TypeString, "The name of a culture, such as tr-TR, whose rules apply; the invariant culture's when left out.")
}

// buildCase makes ToLower and ToUpper. As in .NET every character is mapped to
// one character; of all cultures only Turkish and Azeri have rules of their own.
func buildCase(c *call, letterCase int) (evaluator, error) {
	if name, ok := c.literal(1); ok {
		special, err := specialCase(name)
		if err != nil {
			return nil, err
		}
		return func(f *frame) (attr.Value, error) { return evalCase(c, f, letterCase, special) }, nil
	}
	return func(f *frame) (attr.Value, error) {
		name, err := c.text(f, 1)
		if err != nil {
			return attr.Value{}, err
		}
		special, err := specialCase(name)
		if err != nil {
			return attr.Value{}, c.fail("%v", err)
		}
		return evalCase(c, f, letterCase, special)
	}, nil
}

func evalCase(c *call, f *frame, letterCase int, special unicode.SpecialCase) (attr.Value, error) {
	return c.mapText(f, func(text string) (string, error) {
		switch {
		case special != nil && letterCase == unicode.LowerCase:
			return strings.ToLowerSpecial(special, text), nil
		case special != nil:
			return strings.ToUpperSpecial(special, text), nil
		case letterCase == unicode.LowerCase:
			return strings.ToLower(text), nil
		}
		return strings.ToUpper(text), nil
	})
}

// specialCase returns the letter rules of a culture, nil for the usual ones.
func specialCase(culture string) (unicode.SpecialCase, error) {
	if culture == "" {
		return nil, nil
	}
	tag, err := language.Parse(culture)
	if _, unknown := errors.AsType[language.ValueError](err); err != nil && !unknown {
		return nil, fmt.Errorf("%q is not the name of a culture such as en-US", shorten(culture))
	}
	if base, _ := tag.Base(); base.String() == "tr" || base.String() == "az" {
		return unicode.TurkishCase, nil
	}
	return nil, nil
}

func evalPCase(c *call, f *frame) (attr.Value, error) {
	if !c.has(1) {
		return c.mapText(f, func(text string) (string, error) { return properCase(text, separatesWords, unicode.IsLetter), nil })
	}
	separators, err := c.text(f, 1)
	if err != nil {
		return attr.Value{}, err
	}
	isSeparator := oneOf(separators)
	return c.mapText(f, func(text string) (string, error) {
		return properCase(text, isSeparator, func(rune) bool { return true }), nil
	})
}

// properCase turns the first character of every word that may be a capital into
// one, and all others into lower case.
func properCase(text string, separates, capital func(rune) bool) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		switch {
		case separates(r):
			inWord = false
			return r
		case inWord:
			return unicode.ToLower(r)
		case capital(r):
			inWord = true
			return unicode.ToTitle(r)
		}
		return r
	}, text)
}

// separatesWords reports whether the character ends a word for .NET's
// TextInfo.ToTitleCase: everything but letters, marks, digits and what Unicode
// does not assign. The apostrophe separates too, other than in .NET, because the
// published examples expect "John'S".
func separatesWords(r rune) bool {
	return unicode.In(r, unicode.Z, unicode.Cc, unicode.Cf, unicode.P, unicode.S)
}

// normalizeDiacritics follows the table of the reference: the marks of Latin and
// Greek letters go, ligatures and the letters of letterReplacement become their
// plain spelling. Other scripts, where a mark makes another letter, stay as they
// are.
func normalizeDiacritics(text string) (string, error) {
	if isASCII(text) {
		return text, nil
	}
	var plain strings.Builder
	strip := false
	for _, r := range norm.NFD.String(text) {
		if unicode.Is(unicode.Mn, r) && strip {
			continue
		}
		strip = unicode.In(r, unicode.Latin, unicode.Greek)
		if replacement := letterReplacement(r); replacement != "" {
			plain.WriteString(replacement)
			continue
		}
		plain.WriteRune(r)
	}
	return norm.NFC.String(plain.String()), nil
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}

// letterReplacement returns the plain spelling of letters that Unicode does not
// decompose. The reference lists æ, ø, œ, ß, ł and ı; the others follow the same
// idea, because the function serves to make names for accounts.
func letterReplacement(r rune) string {
	switch r {
	case 'Æ':
		return "AE"
	case 'æ':
		return "ae"
	case 'Ø', 'Œ':
		return "OE"
	case 'ø', 'œ':
		return "oe"
	case 'ß':
		return "ss"
	case 'ẞ':
		return "SS"
	case 'Ł':
		return "L"
	case 'ł':
		return "l"
	case 'ı':
		return "i"
	case 'Đ', 'Ð':
		return "D"
	case 'đ', 'ð':
		return "d"
	case 'Ħ':
		return "H"
	case 'ħ':
		return "h"
	case 'Ŧ':
		return "T"
	case 'ŧ':
		return "t"
	case 'Þ':
		return "TH"
	case 'þ':
		return "th"
	}
	return ""
}
