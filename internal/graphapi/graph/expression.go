package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/mapping"
)

// ExpressionRequest is the body of synchronizationSchema: parseExpression.
type ExpressionRequest struct {
	Expression string           `json:"expression"`
	TestInput  *ExpressionInput `json:"testInputObject"`
}

// ExpressionInput is Graph's expressionInputObject: the attributes of a source
// object to evaluate for.
type ExpressionInput struct {
	Properties []InputProperty `json:"properties"`
}

// InputProperty is Graph's stringKeyObjectValuePair. Its value is a text, a number,
// a Boolean, null or a list of these.
type InputProperty struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// ExpressionResponse is Graph's parseExpressionResponse. Whatever is wrong with an
// expression is in it.
type ExpressionResponse struct {
	Error               *PublicError `json:"error"`
	EvaluationResult    []string     `json:"evaluationResult"`
	EvaluationSucceeded bool         `json:"evaluationSucceeded"`
	ParsedExpression    *expr.Source `json:"parsedExpression"`
	ParsingSucceeded    bool         `json:"parsingSucceeded"`
}

// PublicError is Graph's publicError.
type PublicError struct {
	Code    string              `json:"code"`
	Message string              `json:"message"`
	Target  string              `json:"target"`
	Details []PublicErrorDetail `json:"details"`
}

// PublicErrorDetail is Graph's publicErrorDetail.
type PublicErrorDetail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target"` // line:column
}

// Language is what expressions of a job may use.
type Language struct {
	Attributes    []string // names of the source attributes; nil: they are not checked
	MultiValued   map[string]bool
	DefaultDomain string
}

// NewLanguage returns the language of the expressions of a schema.
func NewLanguage(schema mapping.Schema, defaultDomain string) Language {
	language := Language{DefaultDomain: defaultDomain, MultiValued: map[string]bool{}}
	rule, object, err := schema.UserMapping()
	if err != nil {
		return language
	}
	definitions := mapping.SourceDefinitions()
	if source, found := schema.Object(rule.SourceDirectoryName, object.SourceObjectName); found {
		definitions = append(definitions, source.Attributes...)
	}
	for _, definition := range definitions {
		language.Attributes = append(language.Attributes, definition.Name)
		language.MultiValued[definition.Name] = definition.Multivalued
	}
	return language
}

// ParseExpression parses an expression and evaluates it, unless it reads attributes
// and there is no test input. An attribute of the test input may be used whether the schema has it or not.
func ParseExpression(request ExpressionRequest, language Language, now time.Time) ExpressionResponse {
	response := ExpressionResponse{EvaluationResult: []string{}}
	input, err := inputObject(request.TestInput)
	if err != nil {
		response.Error = &PublicError{Code: "InvalidTestInput", Message: err.Error(), Target: "testInputObject", Details: []PublicErrorDetail{}}
		return response
	}
	node, program, err := compile(request.Expression, language, input)
	if err != nil {
		response.Error = parsingError(err)
		return response
	}
	response.ParsingSucceeded, response.ParsedExpression = true, new(expr.ToSource(node))
	if request.TestInput == nil && len(program.Attributes()) > 0 {
		return response
	}
	free := func(string) (bool, error) { return false, nil } // SelectUniqueValue shows its first candidate
	result, err := program.Eval(expr.Input{Source: input, Now: now, Exists: free, DefaultDomain: language.DefaultDomain})
	if err != nil {
		response.Error = &PublicError{Code: "EvaluationFailed", Message: err.Error(), Target: "expression", Details: []PublicErrorDetail{}}
		return response
	}
	response.EvaluationSucceeded, response.EvaluationResult = true, texts(result.Value)
	return response
}

func compile(text string, language Language, input attr.Object) (expr.Node, *expr.Program, error) {
	node, err := expr.Parse(text)
	if err != nil {
		return node, nil, err
	}
	environment := expr.Environment{MultiValued: language.MultiValued}
	if language.Attributes != nil {
		environment.Attributes = append(input.Names(), language.Attributes...)
	}
	if err := expr.Check(node, environment); err != nil {
		return node, nil, err
	}
	program, err := expr.Compile(node)
	return node, program, err
}

func parsingError(err error) *PublicError {
	result := &PublicError{Code: "ParsingFailed", Message: err.Error(), Target: "expression", Details: []PublicErrorDetail{}}
	if fault, ok := errors.AsType[*expr.FaultError](err); ok {
		for _, f := range fault.Faults {
			result.Details = append(result.Details, PublicErrorDetail{
				Code: "ParsingFailed", Message: f.Message, Target: strconv.Itoa(f.Line) + ":" + strconv.Itoa(f.Column),
			})
		}
	}
	return result
}

// inputObject makes the object that is evaluated for.
func inputObject(input *ExpressionInput) (attr.Object, error) {
	if input == nil {
		return attr.Object{}, nil
	}
	builder := attr.NewBuilder("User", "test", len(input.Properties))
	for _, property := range input.Properties {
		value, err := inputValue(property.Value)
		if err != nil {
			return attr.Object{}, fmt.Errorf("the property %.60q: %w", property.Key, err)
		}
		if property.Key == "" {
			return attr.Object{}, errors.New("a property has no key")
		}
		builder.Set(property.Key, value)
	}
	return builder.Object(), nil
}

func inputValue(data json.RawMessage) (attr.Value, error) {
	if len(data) == 0 {
		return attr.Value{}, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var decoded any
	if err := decoder.Decode(&decoded); err != nil && !errors.Is(err, io.EOF) {
		return attr.Value{}, err
	}
	return attributeValue(decoded)
}

func attributeValue(decoded any) (attr.Value, error) {
	switch value := decoded.(type) {
	case nil:
		return attr.Value{}, nil
	case string:
		return attr.Text(value), nil
	case bool:
		return attr.Bool(value), nil
	case json.Number:
		if number, err := value.Int64(); err == nil {
			return attr.Int(number), nil
		}
		return attr.Text(value.String()), nil
	case []any:
		items := make([]attr.Value, len(value))
		for i, item := range value {
			var err error
			items[i], err = attributeValue(item)
			if err == nil && items[i].Kind() == attr.List {
				err = errInputValue
			}
			if err != nil {
				return attr.Value{}, err
			}
		}
		return attr.Values(items...), nil
	}
	return attr.Value{}, errInputValue
}

var errInputValue = errors.New("a value is a text, a number, a Boolean, null or a list of these")

// texts returns the values of a result, none for null.
func texts(value attr.Value) []string {
	result := []string{}
	for _, item := range value.Items() {
		result = append(result, item.String())
	}
	return result
}
