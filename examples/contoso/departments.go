package contoso

// department is a part of the company. Weights are parts of a hundred of everybody
// but the chief executive and the heads.
type department struct {
	name    string
	weight  int
	group   string // the group of its people that is assigned to the application, if any
	head    string // job title of the head
	manager string // of somebody whom people report to
	staff   []string
}

// departments returns the departments in the order of their heads' numbers.
func departments() []department {
	return []department{
		{
			"Sales", 22, "Sales", "Chief Revenue Officer", "Sales Manager",
			[]string{"Account Executive", "Sales Representative", "Senior Account Executive", "Sales Engineer"},
		},
		{
			"Service", 20, "Service", "Vice President Customer Service", "Service Team Lead",
			[]string{"Service Agent", "Senior Service Agent", "Field Technician", "Customer Success Partner"},
		},
		{
			"Marketing", 11, "Marketing", "Chief Marketing Officer", "Marketing Manager",
			[]string{"Campaign Specialist", "Content Editor", "Brand Designer", "Market Analyst"},
		},
		{
			"Engineering", 22, "Engineering", "Chief Technology Officer", "Engineering Manager",
			[]string{"Software Engineer", "Senior Software Engineer", "Test Engineer", "Product Designer"},
		},
		{
			"Finance", 7, "Finance", "Chief Financial Officer", "Finance Manager",
			[]string{"Accountant", "Controller", "Payroll Specialist", "Financial Analyst"},
		},
		{
			"Human Resources", 4, "HR", "Chief People Officer", "HR Manager",
			[]string{"Recruiter", "HR Partner", "Training Specialist"},
		},
		{
			"Information Technology", 3, "IT Administrators", "Chief Information Officer", "IT Manager",
			[]string{"Systems Administrator", "Identity Administrator", "Salesforce Administrator"},
		},
		{
			"Operations", 7, "", "Chief Operating Officer", "Operations Manager",
			[]string{"Logistics Coordinator", "Facilities Coordinator", "Buyer", "Warehouse Clerk"},
		},
		{
			"Legal", 4, "", "General Counsel", "Senior Counsel",
			[]string{"Counsel", "Paralegal", "Compliance Officer"},
		},
	}
}

// slots returns the departments of a hundred people in a row, mixed so that any few
// people in a row are spread over the departments by weight.
func slots(all []department) []int {
	total := 0
	for _, d := range all {
		total += d.weight
	}
	mixed := make([]int, 0, total)
	credit := make([]int, len(all))
	for range total {
		best := 0
		for i, d := range all {
			credit[i] += d.weight
			if credit[i] > credit[best] {
				best = i
			}
		}
		credit[best] -= total
		mixed = append(mixed, best)
	}
	return mixed
}
