"""Allow-list of a de-identified object: every attribute by name, and every word a coded text may be.

An attribute that is on no list here is dropped, public or private, whatever its
value; so is a text that is no known word. The names are those of the PET, Enhanced
PET and NM image definitions (PS3.3 A.21, A.56, A.72, A.5) less everything that
tells who, where or by whom, and less all free text.
"""

from __future__ import annotations

_READ = """
    Rows Columns NumberOfFrames SamplesPerPixel BitsAllocated BitsStored HighBit PixelRepresentation
    PixelPaddingValue PixelPaddingRangeLimit FloatPixelPaddingValue FloatPixelPaddingRangeLimit
    DoubleFloatPixelPaddingValue DoubleFloatPixelPaddingRangeLimit RescaleSlope RescaleIntercept RealWorldValueSlope
    RealWorldValueIntercept PatientWeight PatientSize RadionuclideTotalDose RadionuclideHalfLife
    ImagePositionPatient ImageOrientationPatient PixelSpacing SpacingBetweenSlices ActualFrameDuration
    FrameReferenceTime FrameAcquisitionDuration DecayFactor NumberOfSlices NumberOfTimeSlots NumberOfTimeSlices
    NumberOfRRIntervals NumberOfDetectors NumberOfEnergyWindows FrameIncrementPointer SliceVector EnergyWindowVector
    DetectorVector RotationVector RRIntervalVector TimeSlotVector DecayCorrectionDateTime
"""

READ_BY_CONVERT = frozenset(_READ.split())
"""Numbers and times without which, or with others than stated, an image or its SUV would come out wrong."""

_NUMBERS = """
    SliceThickness SliceLocation ImageIndex WindowCenter WindowWidth PixelAspectRatio
    RealWorldValueFirstValueMapped RealWorldValueLastValueMapped
    RealWorldValueLUTData DoubleFloatRealWorldValueFirstValueMapped DoubleFloatRealWorldValueLastValueMapped
    RadiopharmaceuticalVolume RadionuclidePositronFraction RadiopharmaceuticalSpecificActivity
    RadiopharmaceuticalAgentNumber
    AcquisitionStartConditionData AcquisitionTerminationConditionData
    AcquisitionDuration ReconstructionDiameter GantryDetectorTilt TableHeight TableTraverse FieldOfViewDimensions
    IntervalsAcquired IntervalsRejected LowRRValue HighRRValue HeartRate TriggerTime NominalInterval FrameTime
    AxialAcceptance AxialMash TransverseMash DetectorElementSize CoincidenceWindowWidth
    EnergyWindowLowerLimit EnergyWindowUpperLimit EnergyWindowNumber
    PrimaryPromptsCountsAccumulated SecondaryCountsAccumulated CountsAccumulated
    SliceSensitivityFactor DoseCalibrationFactor ScatterFractionFactor DeadTimeFactor
    LossyImageCompressionRatio
    NumberOfRotations NumberOfFramesInRotation NumberOfTriggersInPhase NumberOfPhases
    PhaseVector AngularViewVector TimeSliceVector TriggerVector ImagesInAcquisition
    GantryDetectorSlew ReconstructionFieldOfView ReconstructionTargetCenterPatient ReconstructionAngle
    TableHorizontalRotationAngle SkipBeats InConcatenationNumber InConcatenationTotalNumber RepresentativeFrameNumber
    StartAngle AngularStep ScanArc RadialPosition CenterOfRotationOffset FocalDistance XFocusCenter YFocusCenter
    ZoomCenter ZoomFactor DistanceSourceToDetector PauseBetweenFrames PhaseDelay
    TablePosition TableSpeed TableFeedPerRotation DataCollectionDiameter
    StartDensityThreshold StartRelativeDensityDifferenceThreshold TerminationRelativeDensityThreshold
    NumberOfIterations NumberOfSubsets
    InStackPositionNumber TemporalPositionIndex TemporalPositionIdentifier NumberOfTemporalPositions
    TemporalResolution DimensionIndexValues FrameAcquisitionNumber
"""

OFFSETS = frozenset({"ExtendedOffsetTable", "ExtendedOffsetTableLengths"})
"""Where compressed frames begin: numbers as large as the pixel data, which do not decode with others."""

MAY_BE_EMPTY = frozenset(
    {
        *("SliceThickness", "PrimaryPromptsCountsAccumulated", "SecondaryCountsAccumulated", "CountsAccumulated"),
        *("DoseCalibrationFactor", "SliceSensitivityFactor", "StartAngle", "RadialPosition"),
    }
)
"""Numbers that convert does not read and that must be there, with a value or without (type 2)."""

_DATES_AND_TIMES = """
    StudyDate StudyTime SeriesDate SeriesTime AcquisitionDate AcquisitionTime AcquisitionDateTime ContentDate
    ContentTime InstanceCreationDate InstanceCreationTime
    FrameReferenceDateTime FrameAcquisitionDateTime
    RadiopharmaceuticalStartTime RadiopharmaceuticalStopTime
    RadiopharmaceuticalStartDateTime RadiopharmaceuticalStopDateTime
"""

_IDENTIFIERS = """
    SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID
    ReferencedSOPClassUID ReferencedSOPInstanceUID DimensionOrganizationUID ConcatenationUID
    SynchronizationFrameOfReferenceUID SOPInstanceUIDOfConcatenationSource
"""

_TERMS = """
    ImageType FrameType Modality PatientSex BodyPartExamined Laterality ImageLaterality FrameLaterality PatientPosition
    SeriesType Units SUVType DecayCorrection CountsSource ReprojectionMethod RandomsCorrectionMethod CorrectedImage
    CollimatorType FieldOfViewShape TypeOfDetectorMotion RotationDirection
    AcquisitionStartCondition AcquisitionTerminationCondition BeatRejectionFlag
    PhotometricInterpretation PresentationLUTShape LossyImageCompression LossyImageCompressionMethod
    BurnedInAnnotation RecognizableVisualFeatures QualityControlImage RescaleType VOILUTFunction
    ContentQualification PixelPresentation VolumetricProperties VolumeBasedCalculationTechnique
    DecayCorrected AttenuationCorrected ScatterCorrected DeadTimeCorrected GantryMotionCorrected PatientMotionCorrected
    CountLossNormalizationCorrected RandomsCorrected NonUniformRadialSamplingCorrected SensitivityCalibrated
    DetectorNormalizationCorrection IterativeReconstructionMethod AttenuationCorrectionTemporalRelationship
    AttenuationCorrectionSource ReconstructionType DetectorGeometry TableMotion AcquisitionMotion
    CardiacSynchronizationTechnique RespiratoryMotionCompensationTechnique DimensionOrganizationType
    RespiratorySignalSource CardiacSignalSource
    TimeOfFlightInformationUsed ReconstructionAlgorithm SliceProgressionDirection
    SynchronizationTrigger AcquisitionTimeSynchronized
"""

_SEQUENCES = """
    RadiopharmaceuticalInformationSequence RadiopharmaceuticalUsageSequence EnergyWindowRangeSequence
    EnergyWindowInformationSequence DetectorInformationSequence RotationInformationSequence
    GatedInformationSequence DataInformationSequence TimeSlotInformationSequence PhaseInformationSequence
    RealWorldValueMappingSequence
    SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence
    PixelMeasuresSequence PlanePositionSequence PlaneOrientationSequence PixelValueTransformationSequence
    FrameContentSequence FrameVOILUTSequence FrameAnatomySequence
    PETFrameTypeSequence PETFrameAcquisitionSequence PETFrameCorrectionFactorsSequence PETReconstructionSequence
    PETPositionSequence PETDetectorMotionDetailsSequence PETTableDynamicsSequence
    UnassignedSharedConvertedAttributesSequence UnassignedPerFrameConvertedAttributesSequence
    DimensionOrganizationSequence DimensionIndexSequence
    ReferencedImageSequence SourceImageSequence ReferencedImageEvidenceSequence SourceImageEvidenceSequence
    ReferencedSeriesSequence ReferencedSOPSequence
"""

_POINTERS = """
    DimensionIndexPointer FunctionalGroupPointer
"""

_CODES = """
    RadionuclideCodeSequence RadiopharmaceuticalCodeSequence AdministrationRouteCodeSequence
    PatientOrientationCodeSequence PatientOrientationModifierCodeSequence PatientGantryRelationshipCodeSequence
    AnatomicRegionSequence ViewCodeSequence ViewModifierCodeSequence MeasurementUnitsCodeSequence
    PurposeOfReferenceCodeSequence
"""

CODES = frozenset(_CODES.split())
"""Sequences whose items are codes."""

EMPTIED = frozenset({"PositionReferenceIndicator", "AcquisitionContextSequence"})
"""Required to be there, but not to say anything."""

COUNTERS = frozenset({"InstanceNumber", "SeriesNumber", "AcquisitionNumber"})
"""Numbers people or machines count with; long ones, which may be dates or case numbers, are emptied."""

TEXTS = {
    "Manufacturer": "maker",
    "ManufacturerModelName": "model",
    "SoftwareVersions": "model",
    "ReconstructionMethod": "method",
    "ConvolutionKernel": "method",
    "AttenuationCorrectionMethod": "method",
    "ScatterCorrectionMethod": "method",
    "LUTExplanation": "method",
    "LUTLabel": "method",
    "StackID": "method",
}
"""Free text by the kind of words it may be made of (see `pet_spect.dicom.objects.vocabulary`)."""

PATIENT_CHARACTERISTICS = frozenset({"PatientSex", "PatientAge", "PatientSize", "PatientWeight"})
"""Kept by the Retain Patient Characteristics Option (PS3.15 E.3.7): SUV needs them."""

KEPT = frozenset(
    {
        *READ_BY_CONVERT,
        *" ".join((_NUMBERS, _DATES_AND_TIMES, _IDENTIFIERS, _TERMS, _SEQUENCES, _POINTERS)).split(),
        *(CODES | EMPTIED | COUNTERS | OFFSETS | TEXTS.keys() | PATIENT_CHARACTERISTICS),
        *("DeviceSerialNumber", "EnergyWindowName", "Radiopharmaceutical"),
    }
)
"""Every attribute that is not dropped, at whatever depth; the pixels themselves come on top."""

UNLISTED_TERM = "UNLISTED"
"""Stands for a coded text that was withheld; such texts know no small letters."""

_WORDS = """
    YES NO NONE OTHER UNKNOWN MIXED AUTO M F O L R U B ORIGINAL DERIVED PRIMARY SECONDARY VOLUME AXIAL RESAMPLED
    DISTORTED SAMPLED MAX_IP MIN_IP MEAN_IP MEDIAN_IP STATIC DYNAMIC GATED TOMO EMISSION TRANSMISSION IMAGE
    REPROJECTION WHOLEBODY CARDIAC_GATED RESP_GATED CARDIAC RESPIRATORY CINE LOCALIZER ATTENUATION REFERENCE
    PROCESSED MPR MIP MULTIPLANAR PT NM OT CT MR HFS HFP HFDR HFDL FFS FFP FFDR FFDL BQML GML CM2ML CNTS CPS
    PROPCNTS PROPCPS PCNT CM2 MGMINML UMOLMINML MLMING MLG 1CM UMOLML MLMINML MLML STDDEV BW LBM LBMJAMES128
    LBMJANMA IBW BSA START ADMIN SUM DLYD SING DECY ATTN SCAT DTIM MOTN PMOT CLN RAN RADL DCAL NORM SLSENS UNIF COR
    NCO GEOM RANSNG RANSUB SCA2D XYSM ZSM RING PARA PINH FANB CONE SLNT ASTG DIVG UNKN STATIONARY CONTINUOUS
    STEP_AND_SHOOT CLAMSHELL WOBBLE RECTANGLE ROUND HEXAGONAL CYLINDRICAL SQUARE CC CW MANU DENS RDD TIME ECG
    SEPARATE PHYSIOLOGICAL EVENT MONOCHROME1 MONOCHROME2 IDENTITY INVERSE 00 01 LINEAR LINEAR_EXACT SIGMOID US HU
    SUV ISO_10918_1 ISO_14495_1 ISO_15444_1 ISO_13818_2 ISO_14496_10 PRODUCT RESEARCH SERVICE MONOCHROME COLOR
    TRUE_COLOR 2D 3D REBINNING 3D_OSEM 2D_OSEM OSEM FBP FILTER_BACK_PROJ RAMLA MLEM BLOB CONCURRENT SIMULTANEOUS
    ASYNCHRONOUS CYLINDRICAL_RING CYL_RING_PARTIAL MULTIPLE_PLANAR MUL_PLAN_PAR STACKED REALTIME PROSPECTIVE
    RETROSPECTIVE PACED TRIGGER HYPERBARIC BRAIN HEAD HEADNECK NECK SKULL CHEST ABDOMEN PELVIS HEART THORAX LIVER
    THYROID SPINE EXTREMITY ARM LEG BREAST SOURCE EXTERNAL PASSTHRU NOTRIGGER BASE_TO_APEX APEX_TO_BASE ANT_TO_POST
    POST_TO_ANT Y N OVFL TRIG CARD BOTH TRUE FALSE VOLUME_RENDER SURFACE_RENDER CURVED_MPR ADDITION DIVISION MASKED
    MAXIMUM MEAN MINIMUM MULTIPLICATION STD_DEVIATION SUBTRACTION QUANTITY FILTERED ITERATIVE 3D_REBINNED
    3D_TEMPORAL TILED_FULL CALCULATED CONSTANT BREATH_HOLD GATING TRACKING PHASE_ORDERING PHASE_SCANNING CORRECTION
    ISO_15444_2 ISO_13818_1 SINGLE TORSO WHOLEBRAIN SHOULDER LUNG BLADDER KIDNEY
"""

WORDS = frozenset(_WORDS.split()) | {
    *("RECON TOMO", "RECON GATED TOMO", "GATED TOMO", "WHOLE BODY", "STEP AND SHOOT", "CYLINDRICAL RING"),
    *("MAX PIXEL", "POSITRON SOURCE", "SINGLE PHOTON", "MULTIPLE PLANAR"),
}
"""Terms that PS3.3 defines for the attributes above, and a few that scanners write in their place."""

_UNPAIRED_PARTS = """
    BRAIN HEAD HEADNECK NECK SKULL CHEST ABDOMEN PELVIS HEART WHOLEBODY LIVER SPINE THYROID
"""

UNPAIRED = frozenset(_UNPAIRED_PARTS.split())
"""Values of BodyPartExamined that need no Laterality."""
