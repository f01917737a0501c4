from pet_spect.registration.itk import use_threads

use_threads(1)
