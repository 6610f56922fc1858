package graphapi

import (
	"context"
	_ "embed" // for openapi.json
	"encoding/json"
)

// openAPI describes /usher/v1 in the form of OpenAPI 3.1.
//
//go:embed openapi.json
var openAPI []byte

func (a *api) getOpenAPI(context.Context, *request) (response, error) {
	answer := ok(json.RawMessage(openAPI))
	return answer, nil
}
