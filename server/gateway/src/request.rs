//! The request that a descriptor makes of a message.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, Method, Request, header};

use crate::{
    build_error::BuildError,
    escape,
    fault::Invalid,
    json_template::JsonTemplate,
    node::{Node, Object},
    origin::Origin,
    template::{Name, Scope, Template},
    values::Values,
};

/// The most bytes of a body, and of a path with its query.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1_024;
const MAX_ADDRESS_BYTES: usize = 16 * 1_024;
/// The most fields of a query, a form or the headers.
const MAX_FIELDS: usize = 32;
/// The most characters of a template.
const MAX_TEMPLATE: usize = 4_096;

/// Headers that the connection is made of, and are no descriptor's business.
const NOT_OURS: [HeaderName; 7] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::EXPECT,
    header::TE,
];

/// A request with placeholders.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RequestTemplate {
    method: Method,
    path: Template,
    query: Vec<(String, Template)>,
    headers: Vec<(HeaderName, Template)>,
    basic: Option<Basic>,
    body: Body,
}

/// The user and the password of HTTP's basic authentication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Basic {
    pub(crate) user: Template,
    pub(crate) password: Template,
}

#[derive(Debug, Clone, PartialEq)]
enum Body {
    None,
    Json(JsonTemplate),
    Form(Vec<(String, Template)>),
    Text(Template),
}

/// The fields that a request has in a descriptor.
pub(crate) const FIELDS: [&str; 8] = [
    "method", "path", "query", "headers", "basic", "json", "form", "text",
];

impl RequestTemplate {
    pub(crate) fn read(fields: &Object<'_>, scope: Scope<'_>) -> Result<Self, Invalid> {
        let methods = [Method::POST, Method::GET, Method::PUT];
        let numbered = [("POST", 0), ("GET", 1), ("PUT", 2)];
        let method = fields.map("method", |node| node.word(&numbered))?;
        let method = methods.get(method.unwrap_or(0)).cloned();
        let request = Self {
            method: method.unwrap_or(Method::POST),
            path: path(&fields.need("path")?, scope)?,
            query: fields
                .map("query", |node| templates(node, scope))?
                .unwrap_or_default(),
            headers: fields
                .map("headers", |node| headers(node, scope))?
                .unwrap_or_default(),
            basic: fields.map("basic", |node| Basic::read(node, scope))?,
            body: Body::read(fields, scope)?,
        };
        if request.method == Method::GET && request.body != Body::None {
            let body = fields.need("method")?;
            return Err(body.rule("must not be GET for a request with a body"));
        }
        Ok(request)
    }

    /// The request to an origin.
    pub(crate) fn build(
        &self,
        origin: &Origin,
        values: &Values<'_>,
    ) -> Result<Request<Vec<u8>>, BuildError> {
        let address = self.address(values)?;
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(format!("{origin}{address}"));
        if let Some(content_type) = self.body.content_type() {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        if let Some(basic) = &self.basic {
            request = request.header(header::AUTHORIZATION, basic.header(values)?);
        }
        let body = self.body.render(values)?;
        if body.len() > MAX_BODY_BYTES {
            return Err(BuildError::TooLarge {
                bytes: body.len(),
                max: MAX_BODY_BYTES,
            });
        }
        let mut request = request.body(body)?;
        for (name, template) in &self.headers {
            let Some(value) = template.render(values)? else {
                continue;
            };
            let value = HeaderValue::from_bytes(escape::header(&value).as_bytes());
            let mut value = value.map_err(|_| BuildError::Header { name: name.clone() })?;
            let is_secret = template
                .names()
                .any(|name| matches!(name, Name::Setting(_)));
            value.set_sensitive(is_secret);
            request.headers_mut().insert(name.clone(), value);
        }
        Ok(request)
    }

    fn address(&self, values: &Values<'_>) -> Result<String, BuildError> {
        let path = self.path.render_with(values, escape::percent)?;
        let mut address = path.ok_or(BuildError::Path)?;
        let leads_away = |segment: &str| matches!(segment, "." | "..");
        if address.split('/').any(leads_away) {
            return Err(BuildError::Path);
        }
        let query = rendered(&self.query, values)?;
        if !query.is_empty() {
            address.push('?');
            address.push_str(&escape::fields(&query));
        }
        if address.len() > MAX_ADDRESS_BYTES {
            return Err(BuildError::TooLarge {
                bytes: address.len(),
                max: MAX_ADDRESS_BYTES,
            });
        }
        Ok(address)
    }

    /// Whether the idempotency key is somewhere in it.
    pub(crate) fn has_key(&self) -> bool {
        let fields = self.query.iter().chain(self.body.form());
        let fields = fields.map(|(_, template)| template);
        let headers = self.headers.iter().map(|(_, template)| template);
        let templates = [&self.path].into_iter().chain(fields).chain(headers);
        let mut names: Vec<_> = templates.flat_map(Template::names).collect();
        match &self.body {
            Body::Json(json) => names.extend(json.names()),
            Body::Text(text) => names.extend(text.names()),
            Body::None | Body::Form(_) => {}
        }
        names.contains(&&Name::Key)
    }
}

/// A template of a descriptor.
pub(crate) fn template(node: &Node<'_>, scope: Scope<'_>) -> Result<Template, Invalid> {
    let text = node.text(MAX_TEMPLATE)?;
    Template::parse(text, scope).map_err(|fault| node.wrong(fault))
}

fn path(node: &Node<'_>, scope: Scope<'_>) -> Result<Template, Invalid> {
    let path = template(node, scope.whole())?;
    let is_of_path =
        |c: char| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '\\' | '"' | '<' | '>');
    let fits = path.beginning().starts_with('/')
        && !path.beginning().starts_with("//")
        && path.literals().all(|text| text.chars().all(is_of_path));
    if fits {
        return Ok(path);
    }
    Err(node.rule("must be a path that begins with one slash, without a query"))
}

fn templates(node: &Node<'_>, scope: Scope<'_>) -> Result<Vec<(String, Template)>, Invalid> {
    let fields = node.table()?.fields(MAX_FIELDS)?;
    let fields = fields.iter();
    let read = fields.map(|(name, node)| Ok(((*name).to_owned(), template(node, scope)?)));
    read.collect()
}

fn headers(node: &Node<'_>, scope: Scope<'_>) -> Result<Vec<(HeaderName, Template)>, Invalid> {
    let fields = node.table()?.fields(MAX_FIELDS)?;
    let read = fields.iter().map(|(name, node)| {
        let name: Result<HeaderName, _> = name.parse();
        let name = name.map_err(|_| node.rule("the name of a header has no such characters"))?;
        if NOT_OURS.contains(&name) {
            return Err(node.rule("is a header that the connection sets"));
        }
        Ok((name, template(node, scope)?))
    });
    read.collect()
}

fn rendered(
    fields: &[(String, Template)],
    values: &Values<'_>,
) -> Result<Vec<(String, String)>, BuildError> {
    let rendered = fields.iter().filter_map(|(name, template)| {
        let value = template.render(values).transpose()?;
        Some(value.map(|value| (name.clone(), value)))
    });
    rendered.collect()
}

impl Basic {
    pub(crate) fn read(node: &Node<'_>, scope: Scope<'_>) -> Result<Self, Invalid> {
        let fields = node.object(&["user", "password"])?;
        Ok(Self {
            user: template(&fields.need("user")?, scope.whole())?,
            password: template(&fields.need("password")?, scope.whole())?,
        })
    }

    /// The user and the password with a colon between them, in base64 (RFC 7617, 2).
    pub(crate) fn credentials(&self, values: &Values<'_>) -> Result<Option<String>, BuildError> {
        let user = self.user.render(values)?;
        let password = self.password.render(values)?;
        let joined = user.zip(password);
        Ok(joined.map(|(user, password)| STANDARD.encode(format!("{user}:{password}"))))
    }

    fn header(&self, values: &Values<'_>) -> Result<HeaderValue, BuildError> {
        let name = header::AUTHORIZATION;
        let refused = BuildError::Header { name };
        let credentials = match values.masked {
            Some(_) => Some(crate::values::MASK.to_owned()),
            None => self.credentials(values)?,
        };
        let Some(credentials) = credentials else {
            return Err(refused);
        };
        let value = HeaderValue::from_str(&format!("Basic {credentials}"));
        let mut value = value.map_err(|_| refused)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl Body {
    fn read(fields: &Object<'_>, scope: Scope<'_>) -> Result<Self, Invalid> {
        let given = ["json", "form", "text"];
        let given: Vec<_> = given.iter().filter_map(|name| fields.get(name)).collect();
        if let [_, second, ..] = given.as_slice() {
            return Err(second.rule("is a second body: a request has json, form or text"));
        }
        if let Some(json) = fields.map("json", |node| JsonTemplate::read(node, scope))? {
            return Ok(Self::Json(json));
        }
        if let Some(form) = fields.map("form", |node| templates(node, scope))? {
            return Ok(Self::Form(form));
        }
        let text = fields.map("text", |node| template(node, scope.whole()))?;
        Ok(text.map_or(Self::None, Self::Text))
    }

    const fn content_type(&self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Json(_) => Some("application/json"),
            Self::Form(_) => Some("application/x-www-form-urlencoded"),
            Self::Text(_) => Some("text/plain; charset=utf-8"),
        }
    }

    fn form(&self) -> &[(String, Template)] {
        match self {
            Self::Form(form) => form,
            Self::None | Self::Json(_) | Self::Text(_) => &[],
        }
    }

    fn render(&self, values: &Values<'_>) -> Result<Vec<u8>, BuildError> {
        Ok(match self {
            Self::None => Vec::new(),
            Self::Json(json) => {
                let json = json.render(values)?.unwrap_or_default();
                json.to_string().into_bytes()
            }
            Self::Form(form) => escape::fields(&rendered(form, values)?).into_bytes(),
            Self::Text(text) => text.render(values)?.unwrap_or_default().into_bytes(),
        })
    }
}
