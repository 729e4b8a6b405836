"""A small letter in the words of this project, for tests that need a text."""

HEADER = """Case Number: CM16-9990001
Date Assigned: 11/09/2016 Date of Injury: 10/03/2016
Decision Date: 12/09/2016 UR Denial Date: 11/01/2016
Priority: Standard Application
Received:
11/04/2016
"""
MADE = """HOW THE IMR FINAL DETERMINATION WAS MADE
An expert reviewer without ties to the parties was chosen.
The Expert Reviewer has the following credentials:
State(s) of Licensure: California,New York
Certification(s)/Specialty: Physical Medicine & Rehabilitation, Pain Management
"""
SUMMARY = """CLINICAL CASE SUMMARY
The expert reviewer developed the following clinical case summary based on a review of the
case file, including all medical records:
This 41 year old man hurt his back when a pallet slid on 10/03/2016. Diagnoses include lumbar
strain. He complains of low back pain.
"""
ITEMS = """IMR ISSUES, DECISIONS AND RATIONALES
The Final Determination was based on decisions for the disputed items/services set forth below:

Manual therapy twice weekly for 4 weeks, lumbar spine: Upheld

Claims Administrator guideline: Decision based on MTUS Low Back Complaints 2004, Section(s): Initial Care.

MAXIMUS guideline: Decision based on MTUS Chronic Pain Medical Treatment 2016, Section(s):
Physical medicine treatment.

Decision rationale: Home exercise was taught at earlier visits. The request is not medically
necessary.

Norco 10/325mg #60: Overturned

Claims Administrator guideline: Decision based on MTUS Opioid Treatment 2016.

MAXIMUS guideline: The Expert Reviewer did not cite any medical evidence for its decision.

Decision rationale: Function rose and no aberrant use was seen. The request is medically necessary.
"""
LETTER = "\n".join((HEADER, MADE, SUMMARY, ITEMS))
