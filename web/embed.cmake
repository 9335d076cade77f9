# Turns the built dashboard into a C file: every file gzipped, with its type and an ETag, and the table for assets_find.
#   cmake -D DIST=folder -D OUT=file.c -P embed.cmake

file(GLOB_RECURSE files RELATIVE "${DIST}" "${DIST}/*")
list(SORT files)

set(types_html "text/html; charset=utf-8")
set(types_js "text/javascript; charset=utf-8")
set(types_css "text/css; charset=utf-8")
set(types_svg "image/svg+xml")
set(types_json "application/json")
set(types_txt "text/plain; charset=utf-8")

set(bytes "")
set(rows "")
set(number 0)
foreach(file IN LISTS files)
    get_filename_component(extension "${file}" LAST_EXT)
    string(REPLACE "." "" extension "${extension}")
    if(NOT DEFINED types_${extension})
        message(FATAL_ERROR "web/embed.cmake: no media type for ${file}")
    endif()
    # -n: neither name nor time, so that equal sources give equal bytes
    execute_process(COMMAND gzip -n -9 -c "${DIST}/${file}" OUTPUT_FILE "${OUT}.gz" RESULT_VARIABLE failed)
    if(failed)
        message(FATAL_ERROR "web/embed.cmake: gzip failed on ${file}")
    endif()
    file(SHA256 "${DIST}/${file}" sum)
    string(SUBSTRING "${sum}" 0 16 etag)
    file(READ "${OUT}.gz" hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
    string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" hex "${hex}")
    set(immutable "false")
    if(file MATCHES "^assets/") # their names change with their content
        set(immutable "true")
    endif()
    string(APPEND bytes "static const uint8_t file_${number}[] = {\n${hex}};\n\n")
    string(APPEND rows "    {\"/${file}\", \"${types_${extension}}\", \"\\\"${etag}\\\"\", file_${number}, sizeof file_${number}, ${immutable}},\n")
    math(EXPR number "${number} + 1")
endforeach()
file(REMOVE "${OUT}.gz")
if(NOT rows MATCHES "\"/index.html\"")
    message(FATAL_ERROR "web/embed.cmake: no index.html in ${DIST}")
endif()

file(WRITE "${OUT}.new" "/* Made by web/embed.cmake. */
#include \"manager/shell/assets.h\"

#include <stddef.h>
#include <string.h>

${bytes}static const struct asset files[] = {
${rows}};

/* Pages of the dashboard: their addresses are made by the program in index.html, which finds out by itself what is meant. */
static const char *const pages[] = {\"/\", \"/history\", \"/sessions\", \"/prices\", \"/alarms\", \"/events\", \"/cards\", \"/account\", \"/login\"};
static const char *const pages_of_one[] = {\"/wallbox/\", \"/d/\"};

static const struct asset *file_find(const char *path)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (strcmp(files[i].path, path) == 0) {
            return &files[i];
        }
    }
    return NULL;
}

static bool is_page(const char *path)
{
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(pages[i], path) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof pages_of_one / sizeof pages_of_one[0]; i++) {
        size_t len = strlen(pages_of_one[i]);

        if (strncmp(path, pages_of_one[i], len) == 0 && path[len] != '\\0' && strchr(path + len, '/') == NULL) {
            return true;
        }
    }
    return false;
}

const struct asset *assets_find(const char *path)
{
    return file_find(is_page(path) ? \"/index.html\" : path);
}
")
file(RENAME "${OUT}.new" "${OUT}")
