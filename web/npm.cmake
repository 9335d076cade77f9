# Installs what package-lock.json names into web/node_modules, once for all build folders.
#   cmake -D WEB=folder -P npm.cmake

file(LOCK "${WEB}/.npm.lock" GUARD PROCESS TIMEOUT 600)
set(stamp "${WEB}/node_modules/.installed")
if(EXISTS "${stamp}" AND "${stamp}" IS_NEWER_THAN "${WEB}/package-lock.json")
    return() # another build folder has done it meanwhile
endif()
execute_process(COMMAND npm ci --ignore-scripts --silent --no-progress WORKING_DIRECTORY "${WEB}" RESULT_VARIABLE failed)
if(failed)
    message(FATAL_ERROR "npm ci failed: the dashboard needs nodejs and npm, and the packages of web/package-lock.json")
endif()
file(TOUCH "${stamp}")
