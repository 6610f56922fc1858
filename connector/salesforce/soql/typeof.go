package soql

// typeOf reads TYPEOF relationship WHEN object THEN fields … [ELSE fields] END,
// whose first two tokens were seen.
func (p *parser) typeOf() (*TypeOf, error) {
	p.take()
	relationship, err := p.operand()
	if err != nil {
		return nil, err
	}
	if relationship.Function != "" {
		return nil, p.fault(relationship.Position, "unexpected token: '"+relationship.Function+"'")
	}
	read := &TypeOf{Path: relationship.Path, Position: relationship.Position}
	for p.accept("WHEN") {
		branch, err := p.branch()
		if err != nil {
			return nil, err
		}
		read.Branches = append(read.Branches, branch)
	}
	if len(read.Branches) == 0 {
		return nil, p.unexpected()
	}
	if p.accept("ELSE") {
		if read.Else, err = p.fieldList(); err != nil {
			return nil, err
		}
	}
	return read, p.expect("END")
}

// branch reads object THEN fields.
func (p *parser) branch() (Branch, error) {
	object := p.peek()
	if object.kind != tokenName {
		return Branch{}, p.unexpected()
	}
	p.take()
	if err := p.expect("THEN"); err != nil {
		return Branch{}, err
	}
	fields, err := p.fieldList()
	return Branch{Object: object.text, Fields: fields, Position: object.position}, err
}

// fieldList reads fields with commas between them. Functions have no place there.
func (p *parser) fieldList() ([]Operand, error) {
	var fields []Operand
	for {
		field, err := p.operand()
		if err != nil {
			return nil, err
		}
		if field.Function != "" {
			return nil, p.fault(field.Position, "unexpected token: '"+field.Function+"'")
		}
		fields = append(fields, field)
		if !p.accept(",") {
			return fields, nil
		}
	}
}
