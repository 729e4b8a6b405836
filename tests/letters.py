"""A small letter in the words of this project, for tests that need a text; and a run without processes."""

from extract.archive.key import ReaderSpec
from extract.inputs import Inputs
from extract.run import InProcess, Output, extract

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

COVER = """Dated: 12/10/2016

Final Determination: PARTIALLY OVERTURN. This means we decided that some of the disputed items/services
are medically necessary and appropriate.

"""

NOTICE = """MAXIMUS FEDERAL SERVICES, INC.
Independent Medical Review

Notice of Independent Medical Review Determination

Dated: 9/26/2013

Employee:
Claim Number:
Date of UR Decision: 8/3/2013
Date of Injury: 2/7/2012
IMR Application Received: 8/9/2013
MAXIMUS Case Number: CM13-9990002

1) MAXIMUS Federal Services, Inc. has determined the request for six visits of acupuncture
is not medically necessary and appropriate.

2) MAXIMUS Federal Services, Inc. has determined the request for one MRI of the left knee
is medically necessary and appropriate.

INDEPENDENT MEDICAL REVIEW DECISION AND RATIONALE

An application for Independent Medical Review was filed on 8/9/2013 disputing the Utilization
Review Denial dated 8/3/2013. A decision has been made for each of the treatments in dispute:

1) MAXIMUS Federal Services, Inc. has determined the request for six visits of acupuncture
is notmedically necessary and appropriate.

2) MAXIMUS Federal Services, Inc. has determined the request for one MRI of the left knee
is medically necessary and appropriate.

Medical Qualifications of the Expert Reviewer:
The expert reviewer is Board Certified in Orthopedic Surgery, and is licensed to practice in Nevada
and California. He/she works at least 24 hours a week in active practice.

Expert Reviewer Case Summary:
The patient is a 52 year old woman who twisted the left knee on a ramp on 2/7/2012. She was
diagnosed with left knee strain. She complains of left knee pain.

Documents Reviewed for Determination:
Application for Independent Medical Review
Utilization Review Determination

1) Regarding the request for six visits of acupuncture:

Section of the Medical Treatment Utilization Schedule Relied Upon by the Expert Reviewer to Make His/Her Decision:
The Claims Administrator based its decision on the Acupuncture Medical Treatment Guidelines, which are part
of the MTUS. The Expert Reviewer found the guidelines used by the Claims Administrator relevant and
appropriate for the issue at dispute.

Rationale for the Decision:
No gain in function was told after the first visits. The request for six visits of acupuncture is
not medically necessary and appropriate.

2) Regarding the request for one MRI of the left knee:

Section of the Medical Treatment Utilization Schedule Relied Upon by the Expert Reviewer to Make His/Her Decision:
The Claims Administrator based its decision on the Official Disability Guidelines (ODG), Knee & Leg Chapter. The
Expert Reviewer found no section of the MTUS was applicable and relied on the ACOEM Guidelines, Chapter 13, Knee
Complaints, page 343, which is part of the MTUS.

Rationale for the Decision:
Locking and a positive test support the study. The request for one MRI of the left knee is medically
necessary and appropriate.

Effect of the Decision:
The determination is binding on all parties.
"""


def extract_with(reader, paths, out):
    """Read into tables with a reader that is at hand."""
    return extract(
        Inputs(tuple(str(p) for p in paths)),
        Output(out),
        spec=ReaderSpec.of(),
        readers=lambda spec, _: InProcess(spec, reader=reader),
    )
